"""A stand-in for pynvml: its functions' names, answers from a script. No GPU was ever asked."""

from types import SimpleNamespace

import pynvml


class FakeNvml:
    """Answers what `self` says now; what is None is an error, as of a GPU that does not know."""

    NVMLError = pynvml.NVMLError
    NVML_CLOCK_SM, NVML_CLOCK_MEM = pynvml.NVML_CLOCK_SM, pynvml.NVML_CLOCK_MEM
    NVML_TEMPERATURE_GPU = pynvml.NVML_TEMPERATURE_GPU

    def __init__(self, missing=False):
        self.missing, self.open = missing, 0
        self.sm_mhz, self.memory_mhz, self.power_mw, self.celsius = 1800, 8001, 250_000, 60
        self.load, self.energy_mj, self.limits = 97, 1_000_000, 0
        self.bus_bits = 384
        self.processes = {}  # pid -> bytes
        self.instance = False  # whether the GPU is one of several in a larger one (MIG)

    def nvmlInit(self):
        if self.missing:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
        self.open += 1

    def nvmlShutdown(self):
        self.open -= 1

    def nvmlSystemGetDriverVersion(self):
        return "550.54"

    def nvmlDeviceGetHandleByUUID(self, uuid):
        kind, _, number = uuid.partition("-")
        assert number == "1234"
        if (kind == "MIG") is not self.instance:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return "instance" if self.instance else "handle"

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle):
        assert handle == "instance"
        return "handle"

    def nvmlDeviceGetClockInfo(self, handle, kind):
        return self._told(handle, self.sm_mhz if kind == self.NVML_CLOCK_SM else self.memory_mhz)

    def nvmlDeviceGetMaxClockInfo(self, handle, kind):
        return self.nvmlDeviceGetClockInfo(handle, kind)

    def nvmlDeviceGetMemoryBusWidth(self, handle):
        return self._told(handle, self.bus_bits)

    def nvmlDeviceGetPowerUsage(self, handle):
        return self._told(handle, self.power_mw)

    def nvmlDeviceGetEnforcedPowerLimit(self, handle):
        return self._told(handle, 300_000)

    def nvmlDeviceGetTemperature(self, handle, sensor):
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self._told(handle, self.celsius)

    def nvmlDeviceGetUtilizationRates(self, handle):
        return SimpleNamespace(gpu=self._told(handle, self.load), memory=0)

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):
        return self._told(handle, self.energy_mj)

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle):
        return self._told(handle, self.limits)

    def nvmlDeviceGetComputeRunningProcesses(self, handle):
        assert handle == ("instance" if self.instance else "handle")
        return [
            SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in self.processes.items()
        ]

    def _told(self, handle, value):
        assert self.open and handle == "handle"
        if value is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return value


class OlderNvml(FakeNvml):
    """The driver before 535, which knows the reasons of slow clocks by another name alone."""

    nvmlDeviceGetCurrentClocksThrottleReasons = FakeNvml.nvmlDeviceGetCurrentClocksEventReasons

    @property
    def nvmlDeviceGetCurrentClocksEventReasons(self):
        raise AttributeError("no such symbol")


def install(monkeypatch, fake):
    """Let the harness ask `fake` about a GPU that PyTorch calls `cuda`."""
    monkeypatch.setattr("harness.machines.nvml.pynvml", fake)
    properties = SimpleNamespace(uuid="1234", name="A made-up GPU")
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda device: properties)
    return fake
