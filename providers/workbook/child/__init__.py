"""What runs in a process of its own, with little memory and no secrets: the parsing of files that someone sent."""
