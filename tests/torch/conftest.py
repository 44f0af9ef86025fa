"""What runs in the other interpreter is not collected in this one."""

collect_ignore = ["networks.py", "reference.py", "table_modules.py"]
