using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Culprit.Server.Configuration;
using Culprit.Server.Printing;
using Culprit.Server.Reporting;
using Spectre.Console;

namespace Culprit.Server.Commands;

/// <summary><c>culprit demo</c>: the real server on a free port with a temporary store, an incident sent to it, and what it makes of it.</summary>
internal static class DemoCommand
{
    private const int QuietSeconds = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "End when the story is told; otherwise the server stays up until Ctrl-C." };
        var command = new Command("demo", "Plays a multi-service incident against a real server and shows what it finds.");
        command.Options.Add(once);
        command.SetAction((result, cancellationToken) => RunAsync(result.GetValue(once), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool once, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("culprit-demo-");
        try
        {
            var settings = new Settings(
                new CulpritOptions
                {
                    Data = folder.FullName,
                    Urls = "http://127.0.0.1:0",
                    Otlp = new OtlpSection { GrpcUrl = OtlpSection.Nowhere, HttpUrl = OtlpSection.Nowhere },
                    ServiceDependencies = DemoScenario.Dependencies.ToDictionary(d => d.Key, d => d.Value.ToList(), StringComparer.Ordinal),
                    Runbooks = Path.Combine(AppContext.BaseDirectory, "runbooks"),
                });
            await using var app = await CulpritServer.BuildAsync(settings, quiet: true, cancellationToken).ConfigureAwait(false);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            var found = await TellAsync(new Uri(app.Urls.First()), folder.FullName, cancellationToken).ConfigureAwait(false);
            if (!once && found)
            {
                Terminal.Console.MarkupLine("\nThe server stays up: the links work. [grey]Ctrl-C ends it and deletes its data.[/]");
                await app.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
            }

            await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
            return found ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<bool> TellAsync(Uri server, string folder, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = server };
        var clock = TimeProvider.System;
        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]Culprit[/] listens on {server} with a temporary store in {folder}");
        Terminal.Console.MarkupLine("Four services log ordinary traffic through [bold]POST /events[/]; then a database stops taking connections.\n");

        using var story = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        story.CancelAfter(Patience);
        var listening = ListenAsync(http, story.Token);
        var faultAt = clock.GetTimestamp();
        for (var second = 0; second < QuietSeconds + 5; second++)
        {
            var now = clock.GetUtcNow();
            var lines = DemoScenario.NormalSecond(now.AddSeconds(-1), second).ToList();
            if (second == QuietSeconds)
            {
                faultAt = clock.GetTimestamp();
                Terminal.Console.MarkupLine("[grey]…the fault begins[/]");
            }

            if (second >= QuietSeconds)
            {
                var at = second - QuietSeconds;
                lines.AddRange(DemoScenario.FaultBetween(now.AddSeconds(-at - 1), at, at + 1));
            }

            await SendAsync(http, lines, story.Token).ConfigureAwait(false);
            if (second < QuietSeconds)
            {
                Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]second {second + 1}: {lines.Count} events, all quiet[/]");
            }

            await Task.Delay(TimeSpan.FromSeconds(1), clock, story.Token).ConfigureAwait(false);
        }

        var cause = await listening.ConfigureAwait(false);
        if (cause is not { } found)
        {
            Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]No root cause within {Patience.TotalSeconds:0} s: that is a bug.[/]");
            return false;
        }

        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"\n[grey]{clock.GetElapsedTime(faultAt).TotalSeconds:0.0} s after the fault began:[/]");
        Conclude(server, found);
        return true;
    }

    private static async Task SendAsync(HttpClient http, IEnumerable<System.Text.Json.Nodes.JsonObject> events, CancellationToken cancellationToken)
    {
        var body = string.Join('\n', events.Select(e => e.ToJsonString()));
        using var content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
        using var response = await http.PostAsync(new Uri("/events", UriKind.Relative), content, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Prints what the server publishes; returns the explanation that stands six seconds after the first.</summary>
    private static async Task<JsonElement?> ListenAsync(HttpClient http, CancellationToken cancellationToken)
    {
        JsonElement? cause = null;
        using var settled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var uri = new Uri("/events/stream?type=log.error,log.anomaly,log.root_cause,incident.opened", UriKind.Relative);
            await using var stream = await http.GetStreamAsync(uri, settled.Token).ConfigureAwait(false);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(settled.Token).ConfigureAwait(false))
            {
                using var document = JsonDocument.Parse(item.Data);
                Show(document.RootElement);
                if (document.RootElement.GetProperty("type").GetString() == "log.root_cause")
                {
                    if (cause is null)
                    {
                        settled.CancelAfter(TimeSpan.FromSeconds(6));
                    }

                    cause = document.RootElement.Clone();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The story is over, or it took too long: the cause tells which.
        }

        return cause;
    }

    private static void Show(JsonElement e)
    {
        var type = e.GetProperty("type").GetString();
        switch (type)
        {
            case "log.error":
                Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]{type,-16}[/] {e.GetProperty("service").GetString()}: {e.GetProperty("message").GetString()}");
                break;
            case "log.anomaly":
                Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold yellow]{type,-16}[/] {e.GetProperty("anomaly_type").GetString()}: {e.GetProperty("observed").GetString()}; expected {e.GetProperty("expected").GetString()}");
                break;
            case "incident.opened":
                Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold yellow]{type,-16}[/] {e.GetProperty("incident_id").GetString()}");
                break;
            default:
                Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold green]{type,-16}[/] {e.GetProperty("root_cause").GetString()}");
                break;
        }
    }

    private static void Conclude(Uri server, JsonElement cause)
    {
        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]Root cause[/]  {cause.GetProperty("root_cause").GetString()}");
        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]Confidence[/]  {cause.GetProperty("confidence").GetDouble():0.00}, severity {cause.GetProperty("severity").GetString()}");
        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]Do[/]          {cause.GetProperty("recommended_action").GetString()}");
        foreach (var hypothesis in cause.GetProperty("hypotheses").EnumerateArray().Take(2))
        {
            Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"\n[bold]{CauseName.Of(hypothesis)}[/] ({hypothesis.GetProperty("confidence").GetDouble():0.00})");
            foreach (var item in hypothesis.GetProperty("for").EnumerateArray())
            {
                Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [green]+[/] {item.GetProperty("text").GetString()}");
            }

            foreach (var item in hypothesis.GetProperty("against").EnumerateArray())
            {
                Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [red]-[/] {item.GetProperty("text").GetString()}");
            }
        }

        foreach (var dismissed in cause.GetProperty("ruled_out").EnumerateArray())
        {
            Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]ruled out: {dismissed.GetString()}[/]");
        }

        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"\nThe chain   {new Uri(server, $"/events/{cause.GetProperty("id").GetString()}/chain")}");
        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"Incidents   {new Uri(server, "/incidents")}");
        Terminal.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"Errors      {new Uri(server, "/events?type=log.error")}");
    }
}
