"""A package that is not installed."""

import a_package_that_nobody_has.layers

Network = a_package_that_nobody_has.layers.Network
