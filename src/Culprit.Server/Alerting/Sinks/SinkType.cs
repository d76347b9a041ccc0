using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Alerting.Sinks.Alertmanager;
using Culprit.Server.Alerting.Sinks.Datadog;
using Culprit.Server.Alerting.Sinks.Email;
using Culprit.Server.Alerting.Sinks.Opsgenie;
using Culprit.Server.Alerting.Sinks.PagerDuty;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Alerting.Sinks.Teams;
using Culprit.Server.Alerting.Sinks.Webhook;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>One kind of sink that can be configured. A new sink is one more line in <see cref="All"/>.</summary>
/// <param name="Name">The value of <c>type</c>.</param>
/// <param name="NewOptions">With defaults.</param>
/// <param name="Create">Makes a sink of the given name from options of this kind that have no mistakes.</param>
internal sealed record SinkType(
    string Name, Func<SinkOptions> NewOptions, Func<string, SinkOptions, SinkContext, IAlertSink> Create)
{
    public static readonly IReadOnlyList<SinkType> All =
    [
        Of("webhook", (string name, WebhookOptions options, SinkContext with) => new WebhookSink(name, options, with.Network, with.Clock)),
        Of("pagerduty", (string name, PagerDutyOptions options, SinkContext with) => new PagerDutySink(name, options, with.Network, with.Clock)),
        Of("opsgenie", (string name, OpsgenieOptions options, SinkContext with) => new OpsgenieSink(name, options, with.Network, with.Clock)),
        Of("slack", (string name, SlackOptions options, SinkContext with) => options.Token is null
            ? new SlackSink(name, options, with.Network, with.Clock)
            : new SlackBotSink(name, options, with)),
        Of("teams", (string name, TeamsOptions options, SinkContext with) => new TeamsSink(name, options, with.Network, with.Clock)),
        Of("email", (string name, EmailOptions options, SinkContext with) => new EmailSink(name, options, with.Network, with.Clock)),
        Of("datadog", (string name, DatadogOptions options, SinkContext with) => new DatadogSink(name, options, with.Network, with.Clock)),
        Of("alertmanager", (string name, AlertmanagerOptions options, SinkContext with) => new AlertmanagerSink(name, options, with.Network, with.Clock)),
    ];

    private static SinkType Of<T>(string name, Func<string, T, SinkContext, IAlertSink> create)
        where T : SinkOptions, new() =>
        new(name, () => new T(), (sink, options, context) => create(sink, (T)options, context));
}
