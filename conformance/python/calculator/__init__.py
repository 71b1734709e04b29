"""The calculator as a Python team would write it: four Celery workers and a Flask producer."""
