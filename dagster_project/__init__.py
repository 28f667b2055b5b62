"""Customer-satisfaction research pipeline: landed survey files to a published release of KPI marts."""
