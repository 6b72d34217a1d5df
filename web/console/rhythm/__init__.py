"""The rhythm on pages: bulletins of months (每月一通报), scores of weeks (每周一测评), their sheets."""
