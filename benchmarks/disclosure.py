"""What disclosure control of a whole country costs: `python benchmarks/disclosure.py --help`.

Belongs here: starting. Does not belong here: measuring (costs). Processes that share the work load
this file, as it is the one that is run, and need nothing of what measures them.
"""

if __name__ == "__main__":
    from costs import main

    main()
