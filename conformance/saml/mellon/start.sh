#!/bin/sh -eu
# start.sh IDP_METADATA_URL [mellon directive]...
# Starts Apache with mod_auth_mellon as a SAML app on 127.0.0.1:18081, its state
# in $W/mellon. Run as root; $W must be a folder that www-data may enter.
# Register the app with $W/mellon/sp.xml. Stop: kill "$(cat "$W/mellon/run/httpd.pid")"
here=$(cd "$(dirname "$0")" && pwd)
metadata=$1
shift
state=$W/mellon
base=http://127.0.0.1:18081
mkdir -p "$state/run" "$state/logs" "$state/www/secret"
chown www-data "$state/run" "$state/logs"
cd "$state"
if [ ! -f sp.key ]; then
	mellon_create_metadata $base/mellon/metadata $base/mellon >/dev/null
	mv http_127*.key sp.key
	mv http_127*.cert sp.cert
	rm http_127*.xml
	chmod 644 sp.key # Apache's children read it
fi
curl -fsS "$metadata" -o idp.xml
printf '%s\n' "$@" >extra.conf
for page in www/index.html www/secret/index.html; do
	echo 'USER=<!--#echo var="REMOTE_USER" --> NAMEID=<!--#echo var="MELLON_NAME_ID" --> MAIL=<!--#echo var="MELLON_mail" --> GROUPS=<!--#echo var="MELLON_groups" -->' >$page
done
apache2 -C "Define S $state" -f "$here/httpd.conf" -k start
for _ in 1 2 3 4 5 6 7 8 9 10; do
	if curl -fsS $base/mellon/metadata -o sp.xml; then exit 0; fi
	sleep 0.3
done
exit 1
