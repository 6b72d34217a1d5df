"""Every sentence, one file per subject and language."""
