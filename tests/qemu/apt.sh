# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# A private apt for arm64 packages. It takes the mirror and the proxies from the system's apt,
# and leaves everything else of the system alone: its architectures, its lists, its packages.

APT_DIR=$CACHE/apt
APT_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
ARCH_DEB=$(dpkg --print-architecture 2>/dev/null || echo amd64)

# Every URI of the system's apt that could be the Debian mirror: it serves a suite with one of
# Debian's names, and has the component main. apt's signature check settles the rest.
apt_mirrors()
{
	{
		cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | apt_parse_list
		for f in /etc/apt/sources.list.d/*.sources; do
			[ -r "$f" ] && { cat "$f"; echo; }
		done | apt_parse_deb822
	} | awk '
		/[ ]main( |$)/ {
			n = split($0, w, " ")
			for (i = 2; i <= n; i++)
				if (w[i] ~ /^(buster|bullseye|bookworm|trixie|forky|sid|((old)*old)?stable|testing|unstable)(-updates|-backports)?$/ &&
				    !seen[w[1]]++)
					print w[1]
		}'
}

# Both parsers print "URI suite… component…".
apt_parse_list()
{
	sed -nE 's/#.*//; s/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]+)?//p'
}

apt_parse_deb822()
{
	awk '
		function flush(  i, n, u) {
			if (types ~ /(^| )deb( |$)/ && enabled != "no") {
				n = split(uris, u, " ")
				for (i = 1; i <= n; i++)
					print u[i], suites, components
			}
			types = uris = suites = components = enabled = key = ""
		}
		/^#/ { next }
		/^[[:space:]]*$/ { flush(); next }
		{
			if (match($0, /^[^: \t]+:/)) {
				key = tolower(substr($0, 1, RLENGTH - 1))
				$0 = substr($0, RLENGTH + 1)
			}
			gsub(/[ \t]+/, " "); sub(/^ /, "")
			if (key == "types") types = types " " $0
			if (key == "uris") uris = uris " " $0
			if (key == "suites") suites = suites " " $0
			if (key == "components") components = components " " $0
			if (key == "enabled") enabled = tolower($0)
		}
		END { flush() }'
}

# apt_config SUITE URI: (re)writes the private configuration of one suite
apt_config()
{
	dir=$APT_DIR/$1
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/state/status"
	arches=arm64
	[ "$ARCH_DEB" = arm64 ] || arches=arm64,$ARCH_DEB
	echo "deb [arch=$arches signed-by=$APT_KEYS] $2 $1 main" >"$dir/sources.list"
	{
		# A validity date guards against a mirror that holds updates back; what is
		# fetched here runs in a guest only, and old suites have no new dates.
		cat <<-EOF
			Dir::Etc::SourceList "$dir/sources.list";
			Dir::Etc::SourceParts "-";
			Dir::Etc::Main "/dev/null";
			Dir::Etc::Parts "/dev/null";
			Dir::Etc::Preferences "/dev/null";
			Dir::Etc::PreferencesParts "/dev/null";
			Dir::State "$dir/state";
			Dir::State::status "$dir/state/status";
			Dir::Cache "$dir/cache";
			APT::Architecture "arm64";
			APT::Architectures { $(echo "$arches" | sed 's/[^,]*/"&";/g; s/,/ /g') };
			APT::Sandbox::User "$(id -un)";
			APT::Update::Error-Mode "any";
			Acquire::Languages "none";
			Acquire::Check-Valid-Until "false";
			Acquire::Retries "2";
			Acquire::http::Timeout "20";
		EOF
		apt-config dump | grep -E '^Acquire::(https?::|Check-Date )' | grep -vi '::Timeout ' || :
	} >"$dir/apt.conf"
}

# apt_run SUITE COMMAND…: an apt command under the private configuration
apt_run()
{
	dir=$APT_DIR/$1
	shift
	APT_CONFIG=$dir/apt.conf LC_ALL=C "$@"
}

# apt_update SUITE [force]: brings the index up to date when it is older than a day; $trouble says
# why it failed
apt_update()
{
	dir=$APT_DIR/$1
	[ "${2-}" = force ] || ! fresh "$dir/stamp" || return 0
	[ -r "$APT_KEYS" ] || die "$APT_KEYS is missing: apt-get install debian-archive-keyring"
	mkdir -p "$dir"
	mirrors=$(apt_mirrors)
	[ -n "$mirrors" ] ||
		die "found no Debian mirror (component main) in the apt sources of this system"
	say FETCH "index of $1"
	for uri in $mirrors; do
		apt_config "$1" "$uri"
		if apt_run "$1" apt-get -qq update >"$dir/update.log" 2>&1; then
			touch "$dir/stamp"
			return 0
		fi
	done
	trouble="$1 cannot be reached: $(grep -m1 '^[EW]:' "$dir/update.log" || echo "see $dir/update.log")"
	say FETCH "$trouble"
	return 1
}

# apt_host_line SUITE: a source line for packages that run here, from the mirror that was found
apt_host_line()
{
	sed 's/arch=[^ ]*/arch='"$ARCH_DEB/" "$APT_DIR/$1/sources.list"
}

# apt_depends SUITE PACKAGE REGEX: the direct dependencies whose names match
apt_depends()
{
	apt_run "$1" apt-cache show --no-all-versions "$2" 2>/dev/null |
		sed -n 's/^\(Pre-\)\{0,1\}Depends: //p' | tr ',' '\n' |
		sed 's/^ *//; s/[ :|(].*//' | grep -E "$3" | sort -u
}

apt_version()
{
	apt_run "$1" apt-cache show --no-all-versions "$2" 2>/dev/null | sed -n 's/^Version: //p' | head -n1
}

# apt_unpack SUITE DIR PACKAGE…: downloads and unpacks, without maintainer scripts
apt_unpack()
{
	suite=$1
	into=$2
	shift 2
	debs=$CACHE/tmp/debs.$$
	rm -rf "$debs"
	mkdir -p "$debs" "$into"
	for package; do
		say FETCH "$package ($suite)"
		apt_get_deb "$suite" "$package" "$debs" ||
			{
				trouble="$package ($suite): $(tail -n1 "$debs/log")"
				say FETCH "$trouble"
				rm -rf "$debs"
				return 1
			}
	done
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$into" || { rm -rf "$debs"; return 1; }
	done
	rm -rf "$debs"
}

# An index may name a package that the mirror has dropped since: look again, once.
apt_get_deb()
{
	(cd "$3" && apt_run "$1" apt-get -qq download "$2") >"$3/log" 2>&1 && return 0
	apt_update "$1" force &&
		(cd "$3" && apt_run "$1" apt-get -qq download "$2") >"$3/log" 2>&1
}
