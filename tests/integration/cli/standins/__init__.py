"""Small programs that stand in for services, to see how processes are supervised."""
