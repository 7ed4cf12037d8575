// A library that loads but has none of the functions.
extern "C" int nothing_of_nvml();
extern "C" int nothing_of_nvml() { return 0; }
