startCopy();
startTheme();
startReach();
