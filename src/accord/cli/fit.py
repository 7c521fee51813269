"""(being written)"""
import argparse
def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this module's subcommands."""
