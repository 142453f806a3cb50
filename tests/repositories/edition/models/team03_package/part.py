PART = "found beside the network"
