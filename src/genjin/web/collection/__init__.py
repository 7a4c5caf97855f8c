"""The collection department on screen: plan, promises, classes, pay days, news of payments."""
