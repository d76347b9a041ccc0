# Sourced by ./culprit, ./test and .ci/run, which set $root to the repository's root.
# Finds the SDK, keeps it quiet and local, and lets one build run at a time.

stamp="$root/artifacts/release.stamp"

# The SDK must not ask, phone home, change the login shell, or leave servers behind
# that hold our pipes and locks open. Everything but NuGet's cache stays in artifacts/.
quiet_sdk() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1
  export DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en
  export DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_ADD_GLOBAL_TOOLS_TO_PATH=false
  export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=1
  export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
  # Minimal images have no ICU; Culprit itself runs with invariant globalization anyway.
  export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
  if [ -z "${HOME:-}" ]; then
    export DOTNET_CLI_HOME="$root/artifacts/home"
  fi
}

# Puts dotnet on the PATH when it is installed somewhere usual but not named there.
find_dotnet() {
  command -v dotnet >/dev/null 2>&1 && return 0
  local folder
  for folder in "${DOTNET_ROOT:-}" "${HOME:-}/.dotnet" /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet; do
    if [ -n "$folder" ] && [ -x "$folder/dotnet" ]; then
      export PATH="$PATH:$folder" DOTNET_ROOT="$folder"
      return 0
    fi
  done
  return 1
}

require_sdk() {
  if find_dotnet && dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    return 0
  fi
  cat >&2 <<'MESSAGE'
Culprit is built with the .NET 10 SDK, which was not found.

  Ubuntu 24.04 and newer:
    sudo apt-get update && sudo apt-get install -y dotnet-sdk-10.0

  Debian 12 and newer (Microsoft's package feed):
    . /etc/os-release
    curl -fsSLO "https://packages.microsoft.com/config/debian/$VERSION_ID/packages-microsoft-prod.deb"
    sudo dpkg -i packages-microsoft-prod.deb
    sudo apt-get update && sudo apt-get install -y dotnet-sdk-10.0

  Any Linux, without root, into ~/.dotnet:
    curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0

MESSAGE
  return 1
}

# Holds the build lock on descriptor 9 until the calling subshell ends.
# Without flock (it is part of util-linux) builds simply do not wait for one another.
lock_builds() {
  mkdir -p "$root/artifacts"
  exec 9>"$root/artifacts/build.lock"
  if command -v flock >/dev/null 2>&1; then
    flock 9
  fi
}

# True when nothing that the binary is made of changed since the last build began.
# Folders count too: removing a file changes only the folder that held it.
release_is_fresh() {
  [ -f "$1" ] && [ -f "$stamp" ] || return 1
  local newer
  newer=$(find "$root/src" "$root/Directory.Build.props" "$root/Directory.Packages.props" "$root/global.json" \
    "$root/Directory.Build.targets" "$root/BannedSymbols.txt" "$root/.editorconfig" \
    \( -name bin -o -name obj \) -prune -o -newer "$stamp" -print -quit 2>/dev/null)
  [ -z "$newer" ]
}

# Runs a build command under a stamp that is dated before it began, so that an edit made
# while it runs is noticed next time. The output folders exist first: creating them would
# otherwise make their parents look edited.
stamped_build() {
  mkdir -p "$root"/src/Culprit.Engine/{bin,obj} "$root"/src/Culprit.Server/{bin,obj}
  touch "$stamp.new"
  if "$@" 9>&-; then
    mv -f "$stamp.new" "$stamp"
  else
    local code=$?
    rm -f "$stamp.new"
    return "$code"
  fi
}
