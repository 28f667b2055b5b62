"""Customer-satisfaction research: from landed survey files to a published release of marts."""
