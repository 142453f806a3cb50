"""From a manifest to a network that restores images."""

from harness.loading.native import Loaded, load
from harness.loading.network import Network, forward

__all__ = ["Loaded", "Network", "forward", "load"]
