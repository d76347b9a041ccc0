using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Alertmanager;
using Culprit.Server.Alerting.Sinks.Datadog;
using Culprit.Server.Alerting.Sinks.Email;
using Culprit.Server.Alerting.Sinks.Opsgenie;
using Culprit.Server.Alerting.Sinks.PagerDuty;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Alerting.Sinks.Teams;
using Culprit.Tests.Rules;
using Spectre.Console;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>Each message as a file under <c>Cases/alerts</c>; <c>CULPRIT_UPDATE_GOLDEN=1</c> rewrites them.</summary>
public sealed class MessageGoldenTests
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly DateTimeOffset Now = new(2026, 5, 4, 10, 35, 0, TimeSpan.Zero);

    private static readonly AlertThread Thread = new("chat", SomeAlert.Firing.IncidentId, "C0123456789", "1503435956.000247", default, Now);

    private static readonly DeliveryOutage Outage = new("oncall", "0123456789abcdef", Now.AddMinutes(-15), Now.AddMinutes(-5), IsOpen: true);

    private static readonly Dictionary<string, Alert> Alerts = new(StringComparer.Ordinal)
    {
        ["firing"] = SomeAlert.Firing,
        ["updated"] = SomeAlert.Firing with { Id = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", Kind = AlertKind.Updated, Severity = IncidentSeverity.Critical },
        ["acknowledged"] = SomeAlert.Firing with { Kind = AlertKind.Acknowledged },
        ["resolved"] = SomeAlert.Resolved,
        ["hostile"] = SomeAlert.Firing with
        {
            Environment = "prod",
            Services = [SomeAlert.Hostile],
            Observed = SomeAlert.Hostile,
            SampleMessages = [SomeAlert.Hostile],
            Lines = [SomeAlert.Line(SomeAlert.Hostile)],
            LinesBefore = [SomeAlert.Line(SomeAlert.Hostile)],
            Runbook = "../../<x>|y.md",
        },
        ["undelivered"] = Read(DeliveryNotice.Undelivered(Outage, new OutboxItem("a1", "oncall", "i1", default, 3), "HTTP 503: <!channel> try later")),
        ["redelivered"] = Read(DeliveryNotice.Redelivered(Outage, Now)),
        ["bare"] = new Alert { Id = "a1", Kind = AlertKind.Firing, IncidentId = "i1", Severity = IncidentSeverity.Low },
    };

    public static TheoryData<string> Names => [.. from sink in new[] { "pagerduty", "opsgenie", "slack", "slackreply", "slackfirst", "teams", "alertmanager", "datadog", "email", "console" } from alert in Alerts.Keys select $"{sink}-{alert}"];

    [Theory]
    [MemberData(nameof(Names))]
    public void AMessageIsAsReviewed(string name)
    {
        if (SourceTree.FindRoot() is not { } root)
        {
            Assert.Skip("the sources are not beside the tests");
            return;
        }

        var file = Path.Combine(root, "tests", "Culprit.Tests", "Cases", "alerts", name + (name.Split('-')[0] switch { "email" => ".eml", "console" => ".txt", _ => ".json" }));

        var message = Render(name);

        if (Environment.GetEnvironmentVariable("CULPRIT_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, message);
        }

        Assert.Equal(File.ReadAllText(file), message);
    }

    private static Alert Read(DerivedEvent notice) => AlertParser.TryParse(notice.Json, out var alert, out var mistake) ? alert : throw new InvalidOperationException(mistake);

    private static string Render(string name)
    {
        var (sink, alert) = (name.Split('-')[0], Alerts[name.Split('-')[1]]);
        const string Incident = "https://culprit.example/incidents/{id}";
        const string Runbook = "https://wiki.example/runbooks/{path}";
        if (sink == "console")
        {
            using var output = new StringWriter();
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
            console.Profile.Width = 1_000_000;
            new ConsoleSink(console).Write(alert);
            return output.ToString().ReplaceLineEndings("\n");
        }

        if (sink == "email")
        {
            var options = new EmailOptions { From = "culprit@example.com", To = ["oncall@example.com"], IncidentUrl = Incident, RunbookUrl = Runbook };
            return EmailMessage.Write(alert, options, Now).ToString().ReplaceLineEndings("\n");
        }

        var json = sink switch
        {
            "datadog" => DatadogMessage.Write(alert, new DatadogOptions { Tags = ["team:payments"], IncidentUrl = Incident, RunbookUrl = Runbook }, Now),
            "teams" => TeamsMessage.Write(alert, new TeamsOptions { IncidentUrl = Incident, RunbookUrl = Runbook }),
            "alertmanager" => AlertmanagerMessage.Write(
                alert, new AlertmanagerOptions { IncidentUrl = Incident, RunbookUrl = Runbook, Labels = { ["team"] = "payments" } }, Now),
            "pagerduty" => PagerDutyMessage.Write(
                alert, new PagerDutyOptions { RoutingKey = new string('0', 32), IncidentUrl = Incident, RunbookUrl = Runbook }),
            "opsgenie" => OpsgenieMessage.Write(
                alert, new OpsgenieOptions { Teams = ["ops"], Tags = ["culprit"], IncidentUrl = Incident, RunbookUrl = Runbook }),
            "slackreply" => SlackMessage.WritePost(alert, new SlackOptions { Channel = "C0123456789", IncidentUrl = Incident, RunbookUrl = Runbook }, Thread),
            "slackfirst" => SlackMessage.WriteUpdate(
                SomeAlert.Firing, alert, new SlackOptions { Channel = "C0123456789", IncidentUrl = Incident, RunbookUrl = Runbook }, Thread),
            _ => SlackMessage.Write(alert, new SlackOptions { IncidentUrl = Incident, RunbookUrl = Runbook }),
        };
        var body = SomeAlert.Parse(json);

        // Opsgenie's address is part of what is said.
        var shown = sink == "opsgenie"
            ? JsonSerializer.Serialize(new { url = OpsgenieMessage.Address(alert, new OpsgenieOptions()).ToString(), body }, Readable)
            : JsonSerializer.Serialize(body, Readable);
        return shown.ReplaceLineEndings("\n") + "\n";
    }
}
