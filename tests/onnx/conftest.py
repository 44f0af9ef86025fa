"""What runs in another interpreter is not collected in this one."""

collect_ignore = ["torch_networks.py"]
