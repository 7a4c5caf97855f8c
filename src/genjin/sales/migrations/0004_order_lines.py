"""What was called an order is a line of one: figures count lines, terms belong to the order."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sales", "0003_class_runs")]
    operations = [migrations.RenameModel("Order", "OrderLine")]
