"""The editions of the challenge as data, one TOML file each; records.Protocol names the fields."""
