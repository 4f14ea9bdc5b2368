"""Many photos or readings at once: on all cores, on a Dask cluster, or in the web app."""
