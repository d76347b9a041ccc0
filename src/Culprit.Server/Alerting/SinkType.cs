using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Alertmanager;
using Culprit.Server.Alerting.Datadog;
using Culprit.Server.Alerting.Email;
using Culprit.Server.Alerting.Opsgenie;
using Culprit.Server.Alerting.PagerDuty;
using Culprit.Server.Alerting.Slack;
using Culprit.Server.Alerting.Teams;
using Culprit.Server.Alerting.Webhook;

namespace Culprit.Server.Alerting;

/// <summary>One kind of sink that can be configured. A new sink is one more line in <see cref="All"/>.</summary>
/// <param name="Name">The value of <c>type</c>.</param>
/// <param name="NewOptions">With defaults.</param>
/// <param name="Create">Makes a sink of the given name from options of this kind that have no mistakes.</param>
internal sealed record SinkType(
    string Name, Func<SinkOptions> NewOptions, Func<string, SinkOptions, INetwork, TimeProvider, IAlertSink> Create)
{
    public static readonly IReadOnlyList<SinkType> All =
    [
        Of("webhook", (string name, WebhookOptions options, INetwork net, TimeProvider clock) => new WebhookSink(name, options, net, clock)),
        Of("pagerduty", (string name, PagerDutyOptions options, INetwork net, TimeProvider clock) => new PagerDutySink(name, options, net, clock)),
        Of("opsgenie", (string name, OpsgenieOptions options, INetwork net, TimeProvider clock) => new OpsgenieSink(name, options, net, clock)),
        Of("slack", (string name, SlackOptions options, INetwork net, TimeProvider clock) => new SlackSink(name, options, net, clock)),
        Of("teams", (string name, TeamsOptions options, INetwork net, TimeProvider clock) => new TeamsSink(name, options, net, clock)),
        Of("email", (string name, EmailOptions options, INetwork net, TimeProvider clock) => new EmailSink(name, options, net, clock)),
        Of("datadog", (string name, DatadogOptions options, INetwork net, TimeProvider clock) => new DatadogSink(name, options, net, clock)),
        Of("alertmanager", (string name, AlertmanagerOptions options, INetwork net, TimeProvider clock) => new AlertmanagerSink(name, options, net, clock)),
    ];

    private static SinkType Of<T>(string name, Func<string, T, INetwork, TimeProvider, IAlertSink> create)
        where T : SinkOptions, new() =>
        new(name, () => new T(), (sink, options, network, clock) => create(sink, (T)options, network, clock));
}
