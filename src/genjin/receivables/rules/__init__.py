"""Pure decisions about money owed: no database, no clock."""
