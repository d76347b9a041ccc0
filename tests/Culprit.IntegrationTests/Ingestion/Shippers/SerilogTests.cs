using Culprit.IntegrationTests.Support;
using Serilog;
using Serilog.Core;
using Serilog.Sinks.OpenTelemetry;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

/// <summary>Serilog's own sinks, for Seq and for OpenTelemetry, against the real server.</summary>
public sealed class SerilogTests
{
    private const int Count = 300;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatIsLoggedIsStoredWithItsFields()
    {
        using var data = new TempFolder();
        await using var server = await ServerProcess.StartAsync(data.Path, Token);
        await using (var logger = Logger(server.Http.BaseAddress!.ToString(), null))
        {
            for (var n = 1; n <= Count; n++)
            {
                Write(logger, n);
            }
        }

        var events = await new SentOrders(server, Count).WaitForAllAsync(Token);

        Assert.Equal(Count, events.Count);
        foreach (var stored in events)
        {
            var n = stored.GetProperty("context").GetProperty("N").GetInt32();
            Assert.Equal($"order {n}", stored.GetProperty("message").GetString());
            Assert.Equal("order {N}", stored.GetProperty("context").GetProperty("@mt").GetString());
            Assert.Equal("shop", stored.GetProperty("service").GetString());
            Assert.Equal(n % 10 == 0 ? "error" : "info", stored.GetProperty("level").GetString());
            Assert.Equal(n % 10 == 0, stored.GetProperty("context").TryGetProperty("@x", out _));
        }
    }

    /// <summary>With a buffer on disk the sink promises to send again, and sends the same bytes.</summary>
    [Fact]
    public async Task AServerThatIsKilledAndComesBackLosesAndDoublesNothing()
    {
        using var buffer = new TempFolder();
        await LogThroughAKillAsync(url => Logger(url, Path.Combine(buffer.Path, "logs")));
    }

    [Fact]
    public async Task WhatIsLoggedByOpenTelemetryIsStoredWithItsFields()
    {
        using var data = new TempFolder();
        await using var server = await ServerProcess.StartAsync(data.Path, Token);
        await using (var logger = TelemetryLogger(server.Http.BaseAddress!.ToString()))
        {
            for (var n = 1; n <= Count; n++)
            {
                Write(logger, n);
            }
        }

        var events = await new SentOrders(server, Count).WaitForAllAsync(Token);

        Assert.Equal(Count, events.Count);
        foreach (var stored in events)
        {
            var n = stored.GetProperty("context").GetProperty("N").GetInt32();
            Assert.Equal($"order {n}", stored.GetProperty("message").GetString()!.Split('\n')[0]); // An exception's trace is below.
            Assert.Equal("shop", stored.GetProperty("service").GetString());
            Assert.Equal("production", stored.GetProperty("environment").GetString());
            Assert.Equal(n % 10 == 0 ? "error" : "info", stored.GetProperty("level").GetString());
            Assert.Equal(n % 10 == 0, stored.GetProperty("context").TryGetProperty("error_type", out _));
        }
    }

    /// <summary>The sink keeps a batch that was not taken and sends it again, for some minutes.</summary>
    [Fact]
    public Task OpenTelemetrysSinkLosesAndDoublesNothingWhenTheServerIsKilled() => LogThroughAKillAsync(TelemetryLogger);

    private static async Task LogThroughAKillAsync(Func<string, Logger> open)
    {
        using var data = new TempFolder();
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);
        try
        {
            await using var logger = open(url);
            for (var n = 1; n <= Count / 2; n++)
            {
                Write(logger, n);
            }

            await new SentOrders(server, 1).WaitForAllAsync(Token);
            for (var n = (Count / 2) + 1; n <= Count; n++)
            {
                Write(logger, n);
            }

            await server.KillAsync();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);

            var events = await new SentOrders(server, Count).WaitForAllAsync(Token);

            Assert.Equal(Count, events.Count);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static Logger TelemetryLogger(string url) => new LoggerConfiguration()
        .WriteTo.OpenTelemetry(options =>
        {
            options.Endpoint = url;
            options.Protocol = OtlpProtocol.HttpProtobuf;
            options.ResourceAttributes = new Dictionary<string, object> { ["service.name"] = "shop", ["deployment.environment.name"] = "production" };
            options.BatchingOptions.BatchSizeLimit = 20;
            options.BatchingOptions.BufferingTimeLimit = TimeSpan.FromMilliseconds(50);
        })
        .CreateLogger();

    private static Logger Logger(string url, string? buffer) => new LoggerConfiguration()
        .Enrich.WithProperty("Application", "shop")
        .WriteTo.Seq(url, batchPostingLimit: 20, period: TimeSpan.FromMilliseconds(50), bufferBaseFilename: buffer, formatProvider: System.Globalization.CultureInfo.InvariantCulture)
        .CreateLogger();

    private static void Write(Logger logger, int n)
    {
        if (n % 10 == 0)
        {
            logger.Error(new InvalidOperationException("no stock"), "order {N}", n);
        }
        else
        {
            logger.Information("order {N}", n);
        }
    }
}
