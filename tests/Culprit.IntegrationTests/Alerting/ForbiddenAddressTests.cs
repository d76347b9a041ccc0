using System.Net;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Alertmanager;
using Culprit.Server.Alerting.Sinks.Datadog;
using Culprit.Server.Alerting.Sinks.Email;
using Culprit.Server.Alerting.Sinks.Opsgenie;
using Culprit.Server.Alerting.Sinks.PagerDuty;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Alerting.Sinks.Teams;
using Culprit.Server.Alerting.Sinks.Webhook;
using Xunit;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>However a host is written and whatever a name resolves to, nothing inside is connected to.</summary>
public sealed class ForbiddenAddressTests
{
    private static readonly Dictionary<string, string[]> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["public.example"] = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
        ["private.example"] = ["10.1.2.3"],
        ["metadata.example"] = ["169.254.169.254"],
        ["mixed.example"] = ["93.184.215.14", "127.0.0.1"],
        ["mixed6.example"] = ["2606:4700::1111", "fd00::1"],
        ["mapped.example"] = ["::ffff:10.0.0.1"],
        ["nat64.example"] = ["64:ff9b::a9fe:a9fe"],
        ["zero.example"] = ["0.0.0.0"],
    };

    public static TheoryData<string> Hosts =>
    [
        // This machine.
        "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.000.000.001", "127.255.255.254", "2130706433", "0x7f000001", "0x7F.1",
        "0x7f.0x0.0x0.0x1", "0177.0.0.1", "0177.0.0.01", "017700000001", "0x7f.0.1", "00177.1", "localhost", "LOCALHOST", "localhost.",
        "a.localhost", "localhost.localdomain", "ip6-localhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "①②⑦.⓪.⓪.①", "ⓛocalhost", "ｌocalhost",

        // Unspecified.
        "0", "0.0.0.0", "0x0", "00", "0.0", "[::]", "[::ffff:0.0.0.0]",

        // Private.
        "10.0.0.1", "10.1", "167772161", "0xa000001", "012.0.0.1", "172.16.0.1", "172.31.255.255", "2886729729", "192.168.0.1", "192.168.1",
        "3232235521", "0xc0a80001", "0300.0250.0.1", "100.64.0.1", "[fc00::1]", "[fd12:3456:789a::1]", "[::ffff:10.0.0.1]", "[::ffff:c0a8:1]",
        "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[2002:a00:1::]", "[fec0::1]",

        // Link-local and metadata services.
        "169.254.169.254", "169.254.169.254.", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.16689662", "169.254.43518",
        "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fe80::1]", "[fe80::1%251]", "[fd00:ec2::254]",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "metadata.google.internal",

        // Multicast, broadcast, reserved, documentation.
        "224.0.0.1", "239.255.255.250", "255.255.255.255", "4294967295", "240.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.7", "[ff02::1]",
        "[2001:db8::1]", "[2001::1]", "[100::1]",

        // Names that lead inside.
        "private.example", "metadata.example", "mixed.example", "mixed6.example", "mapped.example", "nat64.example", "zero.example",
        "127.0.0.1.nip.io", "xn--8g7ccp.example",
    ];

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task AHostThatLeadsInsideIsNotConnectedTo(string host)
    {
        var network = new RecordingNetwork(Names);
        foreach (var scheme in new[] { "https", "http" })
        {
            if (!Uri.TryCreate($"{scheme}://{host}:8443/hook", UriKind.Absolute, out var url))
            {
                // Then no sink can be made of it either.
                Assert.NotEmpty(new SlackOptions { Url = $"{scheme}://{host}/" }.Mistakes("x"));
                continue;
            }

            foreach (var sink in SinksTo(url, host, network))
            {
                var result = await sink.DeliverAsync(SomeEvent.Item(), TestContext.Current.CancellationToken);

                Assert.NotEqual(DeliveryOutcome.Delivered, result.Outcome);
                Assert.True(result.Detail?.Contains("address", StringComparison.Ordinal), $"{sink.GetType().Name}: {result.Detail}");
                (sink as IDisposable)?.Dispose();
            }
        }

        Assert.Empty(network.Connected);
    }

    [Fact]
    public void EveryKindOfSinkIsTried() => Assert.Equal(
        SinkType.All.Select(t => t.Name).Order(),
        SinksTo(new Uri("https://public.example/"), "public.example", new RecordingNetwork(Names)).Select(s => s.Name).Distinct().Order());

    [Fact]
    public void TheTableIsLong() => Assert.InRange(Hosts.Count, 80, 200);

    /// <summary>One of each kind, as if nobody had looked at its options.</summary>
    private static List<IAlertSink> SinksTo(Uri url, string host, INetwork network)
    {
        var address = url.OriginalString;
        List<SinkOptions> all =
        [
            new WebhookOptions { Type = "webhook", Url = address, SigningSecrets = ["whsec_" + Convert.ToBase64String(new byte[32])] },
            new PagerDutyOptions { Type = "pagerduty", Url = address, RoutingKey = new string('k', 32), Changes = true },
            new OpsgenieOptions { Type = "opsgenie", Url = address, ApiKey = "0123456789-key" },
            new SlackOptions { Type = "slack", Url = address },
            new SlackOptions { Type = "slack", Url = address, Token = SlackWorkspace.Token, Channel = SlackWorkspace.Channel },
            new TeamsOptions { Type = "teams", Url = address },
            new DatadogOptions { Type = "datadog", Url = address, ApiKey = new string('k', 32) },
            new AlertmanagerOptions { Type = "alertmanager", Url = address },
            new EmailOptions
            {
                Type = "email", Host = host, Security = url.Scheme == Uri.UriSchemeHttp ? "none" : "starttls", From = "culprit@test.test", To = ["oncall@test.test"],
            },
        ];
        return [.. all.Select(o => SinkType.All.Single(t => t.Name == o.Type).Create(o.Type, o, new SinkContext(network, TimeProvider.System, new MemoryAlertThreadStore())))];
    }

    [Fact]
    public async Task APublicNameIsConnectedToByTheAddressThatWasChecked()
    {
        var network = new RecordingNetwork(Names);
        using var sink = new SlackSink("chat", new SlackOptions { Url = "https://public.example/x" }, network, TimeProvider.System);

        var result = await sink.DeliverAsync(SomeEvent.Item(), TestContext.Current.CancellationToken);

        Assert.Equal(DeliveryOutcome.Retryable, result.Outcome);
        Assert.Equal(["public.example"], network.Resolved);
        Assert.Equal(
            [new IPEndPoint(IPAddress.Parse("93.184.215.14"), 443), new IPEndPoint(IPAddress.Parse(Names["public.example"][1]), 443)],
            network.Connected);
    }

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("[fd12::1]", true)]
    [InlineData("private.example", true)]
    [InlineData("169.254.169.254", false)]
    [InlineData("[fd00:ec2::254]", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("0.0.0.0", false)]
    public async Task AllowPrivateOpensPrivateNetworksAndNoMetadata(string host, bool isOpen)
    {
        var network = new RecordingNetwork(Names);
        using var sink = new SlackSink(
            "chat", new SlackOptions { Url = $"https://{host}/x", AllowPrivate = true }, network, TimeProvider.System);

        await sink.DeliverAsync(SomeEvent.Item(), TestContext.Current.CancellationToken);

        Assert.Equal(isOpen, !network.Connected.IsEmpty);
    }

    [Fact]
    public async Task WithoutTlsOnlyThisMachineIsReachedEvenIfPrivateNetworksAreAllowed()
    {
        var network = new RecordingNetwork(new Dictionary<string, string[]> { ["localhost"] = ["10.0.0.1"] });
        using var sink = new SlackSink(
            "chat", new SlackOptions { Url = "http://localhost/x", AllowPrivate = true, AllowLoopback = true }, network, TimeProvider.System);

        var result = await sink.DeliverAsync(SomeEvent.Item(), TestContext.Current.CancellationToken);

        Assert.Empty(network.Connected);
        Assert.Contains("no TLS", result.Detail, StringComparison.Ordinal);
    }
}
