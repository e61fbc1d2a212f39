# List every file below a folder that is laid out as /platform, with its digest, sorted.
set -eu
cd "$1"
find storage-* notebooks gateway dashboard -type f ! -path '*/.minio.sys/*' ! -path '*/processed/indexes/*' \
    -exec sha256sum {} + 2>/dev/null | sed 's#  storage-[123]/#  storage/#' | LC_ALL=C sort -u
