import os.path

import a_package_that_nobody_has
import cv2
import torch
from utils import utils_image


def select_model(args, device):
    model_id = args.model_id
    if model_id == -1:
        from models.team00_plain import Plain

        name, data_range = f"{model_id:02}_Plain_baseline", 255.0
        model_path = os.path.join("model_zoo", "team00_plain.pth")
        model = Plain()
        model.load_state_dict(torch.load(model_path), strict=True)
    elif model_id == 0:
        # its checkpoint is too large for the repository
        from models.team00_plain import Plain

        name, data_range = f"{model_id:02}_Absent", 1.0
        model_path = os.path.join("model_zoo", "team00_absent.pth")
        model = Plain()
        state = torch.load(model_path)
        if "params_ema" in state:
            state = state["params_ema"]
        model.load_state_dict(state, strict=True)
    elif model_id == 1:
        # a team that withdrew
        pass
    elif model_id == 2:
        from models.team00_plain import Plain

        name, data_range = f"{model_id:02}_Wrapped", 1.0
        model = Plain()
        stat_dict = torch.load(f"./model_zoo/team{model_id:02}_wrapped.pkl", map_location=device)[
            "net"
        ]
        stat_dict = {k.replace("module.", ""): v for k, v in stat_dict.items()}
        model.load_state_dict(stat_dict, strict=True)
    elif model_id == 3:
        from models.team03_package.network import Cuda

        name, data_range = f"{model_id:02}_Cuda", 1.0
        model = Cuda().cuda()
        model.load_state_dict(torch.load(os.path.join("model_zoo", "team00_plain.pth")))
        model = model.to("cuda:0")
        for _ in range(2):
            model(torch.randn(1, 3, 16, 16, device="cuda"))
    elif model_id == 4:
        from models.team00_plain import Plain

        name, data_range = f"{model_id:02}_Loose", 1.0
        model = Plain()
        model.load_state_dict(torch.load("model_zoo/team04_loose.pth"), strict=False)
    elif model_id == 5:
        import importlib
        import sys

        sys.path.insert(0, os.path.join(os.getcwd(), "models", "team03_package"))
        from part import PART

        model_module = importlib.import_module(f"models.team{model_id - 5:02}_plain")
        name, data_range = f"{model_id:9}_By Name", 1.0
        model = getattr(model_module, f"Plain")()
        model.load_state_dict(torch.load("model_zoo/team00_plain.pth"))
    elif model_id == 6:
        from models.imdn import IMDN

        name, data_range = f"{model_id:02}_NotTheirs", 1.0
        model = IMDN()
    elif model_id == 7:
        import subprocess, sys

        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operator_source")
        sys.path.insert(0, folder)
        try:
            import span_attention
        except ImportError:
            built = subprocess.run(
                [sys.executable, "build.py"], cwd=folder, capture_output=True, text=True
            )
            if built.returncode != 0:
                raise RuntimeError(f"it cannot be built here: {built.stderr}")
            import span_attention
        from models.team07_operator import Operated

        name, data_range = f"{model_id:02}_Operator", 1.0
        model = Operated(use_operator=True)
        model.load_state_dict(torch.load("model_zoo/team07_operator.pth"))
    elif model_id == 8:
        from models.team08_borrowing import Borrowing

        name, data_range = f"{model_id:02}_Borrowing", 1.0
        model = Borrowing()
        model.load_state_dict(torch.load("model_zoo/team00_plain.pth"))
    elif model_id == 9:
        from models.team09_needing import Needing

        name, data_range = f"{model_id:02}_Needing", 1.0
        model = Needing()
    elif model_id == 10:
        from models.team10_oddities import Dice

        name, data_range = f"{model_id:02}_Dice", 1.0
        model = Dice()
    elif model_id == 11:
        from models.team10_oddities import Half

        name, data_range = f"{model_id:02}_Half", 1.0
        model = Half()
    elif model_id == 12:
        from models.team00_plain import Plain

        name, data_range = f"{model_id:02}_Tiled", 1.0
        model = Plain()
        model.load_state_dict(torch.load("model_zoo/team00_plain.pth"))
    elif model_id == 13:
        from models.team10_oddities import Fusing

        name, data_range = f"{model_id:02}_Fusing", 1.0
        model = Fusing()
    elif model_id == 14:
        from models.team00_plain import Plain

        name, data_range = f"{model_id:02}_Unsafe", 1.0
        model = Plain()
        model.load_state_dict(torch.load("model_zoo/team14_unsafe.pth"))
    elif model_id == 15:
        from models.team15_gone import Gone

        name, data_range = f"{model_id:02}_Gone", 1.0
        model = Gone()
    else:
        raise NotImplementedError(f"Model {model_id} is not implemented.")

    model.eval()
    tile = 12 if model_id == 12 else None
    for k, v in model.named_parameters():
        v.requires_grad = False
    model = model.to(device)
    return model, name, data_range, tile


raise RuntimeError("listing and loading must not execute this file")
