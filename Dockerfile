# Checked by reading only: this image has not been built or run yet.
#
#   docker build -t culprit .
#   docker run --rm -p 127.0.0.1:8000:8000 -v culprit-data:/data --stop-timeout 30 culprit
#
# There is no HEALTHCHECK: the image holds no HTTP client to ask with, and the binary has no verb
# for it. Ask GET /health and GET /ready from outside (compose, Kubernetes, a load balancer).

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /source

# Restored first and alone, so that a change of sources does not fetch packages again.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Culprit.Engine/Culprit.Engine.csproj src/Culprit.Engine/packages.lock.json src/Culprit.Engine/
COPY src/Culprit.Server/Culprit.Server.csproj src/Culprit.Server/packages.lock.json src/Culprit.Server/
RUN dotnet restore src/Culprit.Server/Culprit.Server.csproj --locked-mode

COPY src/ src/
# One runtime only: without it the native libraries of every platform come along.
RUN arch="${TARGETARCH:-$(dpkg --print-architecture)}" \
 && dotnet publish src/Culprit.Server/Culprit.Server.csproj -c Release --no-restore \
      -r "linux-$(echo "$arch" | sed 's/amd64/x64/')" --self-contained false -o /app \
 && mkdir /data

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app ./
# The base image's unprivileged user. A named volume takes over this ownership; a bind mount
# must belong to that user already.
COPY --from=build --chown=$APP_UID:$APP_UID /data /data
USER $APP_UID

# No diagnostics socket: it would let anyone inside the container dump the process.
ENV DOTNET_EnableDiagnostics=0
VOLUME /data
EXPOSE 8000

# All interfaces, because the container's own loopback cannot be published; whom that reaches
# is decided by the published address.
ENTRYPOINT ["dotnet", "culprit.dll"]
CMD ["serve", "--urls", "http://0.0.0.0:8000", "--data", "/data"]
