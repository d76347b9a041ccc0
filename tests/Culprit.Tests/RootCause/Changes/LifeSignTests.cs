using System.Text;
using Culprit.Engine.RootCause.Changes;

namespace Culprit.Tests.RootCause.Changes;

public sealed class LifeSignTests
{
    [Theory]
    [InlineData("Started OrdersApplication in 4.123 seconds (JVM running for 5.1)", "")]
    [InlineData("Started OrdersApplication in 4.123 seconds (process running for 5.1)", "")]
    [InlineData("Starting OrdersApplication v1.4.2 using Java 17.0.5 with PID 1 (/app/orders.jar started by root in /app)", "ordersapplication 1.4.2, java 17.0.5")]
    [InlineData("Tomcat started on port(s): 8080 (http) with context path ''", "")]
    [InlineData("Tomcat started on port 8080 (http) with context path '/'", "")]
    [InlineData("Starting Servlet engine: [Apache Tomcat/9.0.70]", "tomcat 9.0.70")]
    [InlineData("orders 1.0.3 on JVM (powered by Quarkus 3.2.0.Final) started in 1.203s. Listening on: http://0.0.0.0:8080", "orders 1.0.3")]
    [InlineData("Startup completed in 1234ms. Server Running: http://localhost:8080", "")]
    [InlineData("Now listening on: http://[::]:8080", "")]
    [InlineData("Application started. Press Ctrl+C to shut down.", "")]
    [InlineData("Server listening on port 3000", "")]
    [InlineData("server is listening on 0.0.0.0:8080", "")]
    [InlineData("checkout@2.4.1 listening on port 8080", "checkout 2.4.1")]
    [InlineData("level=info msg=\"server started\" addr=:8080 version=2.4.1", "version 2.4.1")]
    [InlineData("starting checkout version=2.4.1-rc.1+7f3a listen=:8080", "version 2.4.1-rc.1+7f3a")]
    [InlineData("starting HTTP server on :9090", "")]
    [InlineData("gRPC server listening at [::]:50051", "")]
    [InlineData("[2026-03-10 10:00:00 +0000] [1] [INFO] Starting gunicorn 21.2.0", "gunicorn 21.2.0")]
    [InlineData("Listening at: http://0.0.0.0:8000 (1)", "")]
    [InlineData("Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)", "")]
    [InlineData("INFO:     Application startup complete.", "")]
    [InlineData(" * Running on http://127.0.0.1:5000", "")]
    [InlineData("Serving HTTP on 0.0.0.0 port 8000 (http://0.0.0.0:8000/) ...", "")]
    [InlineData("Puma starting in single mode... * Version 6.4.0", "version 6.4.0")]
    [InlineData("* Listening on http://0.0.0.0:3000", "")]
    [InlineData("=> Booting Puma", "")]
    [InlineData("celery@worker-1 ready.", "")]
    [InlineData("Running ShopWeb.Endpoint with cowboy 2.9.0 at 0.0.0.0:4000 (http)", "cowboy 2.9.0")]
    [InlineData("LOG:  database system is ready to accept connections", "")]
    [InlineData("Ready to accept connections tcp", "")]
    [InlineData("/usr/sbin/mysqld: ready for connections. Version: '8.0.35'  socket: '/tmp/mysql.sock'  port: 3306", "")]
    [InlineData("Apache/2.4.57 (Debian) configured -- resuming normal operations", "apache 2.4.57")]
    [InlineData("{\"msg\":\"Starting service\",\"service\":\"billing\",\"version\":\"3.11.0\"}", "version 3.11.0")]
    [InlineData("[KafkaServer id=1] started (kafka.server.KafkaServer)", "")]
    public void StartBannersAreRecognisedWithTheirVersions(string line, string versions)
    {
        var sign = LifeSign.Find(Encoding.UTF8.GetBytes(line));

        Assert.NotNull(sign);
        Assert.True(sign.IsStart);
        Assert.Equal(versions, string.Join(", ", sign.Versions.Select(v => $"{v.Of} {v.Version}")));
    }

    [Theory]
    [InlineData("Commencing graceful shutdown. Waiting for active requests to complete")]
    [InlineData("Application is shutting down...")]
    [InlineData("Handling signal: term")]
    [InlineData("SIGTERM received, closing server")]
    [InlineData("received signal terminated, shutting down gracefully")]
    [InlineData("Received SIGTERM")]
    [InlineData("level=info msg=\"caught signal\" signal=terminated")]
    [InlineData("Stopping service [Tomcat]")]
    public void OrderlyStopsAreRecognised(string line)
    {
        var sign = LifeSign.Find(Encoding.UTF8.GetBytes(line));

        Assert.NotNull(sign);
        Assert.False(sign.IsStart);
    }

    [Theory]
    [InlineData("Started GET \"/orders/17\" for 10.0.0.9 at 2026-03-10 10:00:00")]
    [InlineData("Started job 81723 in 3 seconds")]
    [InlineData("nightly-export started at 10:15")]
    [InlineData("Starting scheduled task cleanup")]
    [InlineData("Starting batch version 3.1 with 200 rows")]
    [InlineData("Starting migration of schema to version 2.4.1")]
    [InlineData("Listening for events on topic orders")]
    [InlineData("client 10.1.2.3:51844 is listening to channel 7")]
    [InlineData("HikariPool-1 - Starting...")]
    [InlineData("HikariPool-1 - Start completed.")]
    [InlineData("checkpoint starting: time")]
    [InlineData("Consumer started on partition 12")]
    [InlineData("Request started HTTP/1.1 GET http://orders:8080/api/orders/17")]
    [InlineData("failed to start server: listen tcp :8080: bind: address already in use")]
    [InlineData("Starting retry 2 of call to payments:8443")]
    [InlineData("Connection started in 12 ms")]
    [InlineData("already running, nothing to do")]
    [InlineData("order 1204 is ready")]
    [InlineData("compaction running at 85 % of its limit")]
    [InlineData("circuit breaker half-open, signal quality 15 dB")]
    [InlineData("Transaction started at version 17.2.1")]
    [InlineData("GC started after 5.5 s")]
    public void OtherLinesAreNot(string line) => Assert.Null(LifeSign.Find(Encoding.UTF8.GetBytes(line)));
}
