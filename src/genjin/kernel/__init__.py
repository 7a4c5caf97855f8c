"""Pure Python that every floor stands on: ids, errors, reasons, states, money, phones, Chinese
text, working time, proportions. Knows no Django, no database and no clock but the one of ids."""
