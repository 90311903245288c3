"""筹备组 and 换届小组: from the trigger to the first assembly, or from the report to the next election."""
