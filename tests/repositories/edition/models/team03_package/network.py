import torch
from models.team00_plain import Plain

from . import part

print(part.PART, flush=True)


class Cuda(Plain):
    def __init__(self):
        super().__init__()
        self.body = self.body.cuda()
        self.cuda()(torch.randn(1, 3, 16, 16).cuda())
