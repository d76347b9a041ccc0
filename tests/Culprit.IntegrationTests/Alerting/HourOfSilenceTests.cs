using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
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
using Culprit.Tests.Alerting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>
/// R9: a receiver that is away for an hour — a quarter of it refusing connections, hanging, failing and limiting each — has everything, in order and
/// once, within five minutes after it is back. Through the real dispatcher and the real sinks, over sockets, on a clock of ours.
/// </summary>
public sealed class HourOfSilenceTests : IAsyncDisposable
{
    private const int Incidents = 5;

    private static readonly DateTimeOffset Start = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);
    // Not whole seconds, as Retry-After is: a pause must never be as long as the limit of an attempt, by which PauseClock knows that.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1007);

    /// <summary>Of real time, in which nothing of this should take more than a few seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private static readonly DateTimeOffset Back = Start.AddHours(1);

    private readonly PauseClock _clock = new(Start);
    private readonly MemoryStateStore _state = new();
    private readonly SwitchedNetwork _network = new();
    private readonly SlackWorkspace _workspace = new();
    private readonly SmtpReceiver _smtp = new();
    private Receiver? _http;

    public static TheoryData<string> Sinks =>
        ["webhook", "pagerduty", "opsgenie", "slack", "slack-bot", "teams", "datadog", "alertmanager", "email"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Receiver Http => _http ?? throw new InvalidOperationException("Not started.");

    public async ValueTask DisposeAsync()
    {
        await _smtp.DisposeAsync();
        if (_http is not null)
        {
            await _http.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task EverythingArrivesOnceInOrderWithinFiveMinutes(string kind)
    {
        _http = await Receiver.StartAsync(Answer(kind), Token);
        using var sink = new ObservedSink(Create(kind), _clock);
        using var dispatcher = new AlertDispatcher(
            _state, [sink], _ => [], SomeLane.Gate(_state, _clock), new AlertSignal(), new AlertMetrics([sink]), _clock, NullLoggerFactory.Instance);
        List<OutboxItem> alerts = [.. from type in new[] { "alert.firing", "alert.updated", "alert.resolved" } from i in Enumerable.Range(0, Incidents) select Item(type, i)];
        await _state.ApplyAsync(new EngineOutput(1, [], alerts), Token);
        Turn(TimeSpan.Zero);

        await dispatcher.StartAsync(Token);
        await DriveAsync(sink);
        await dispatcher.StopAsync(CancellationToken.None);

        Assert.Equal(alerts.Select(a => a.Id).Order(), sink.Taken.Select(t => t.Alert.Id).Order());
        Assert.All(sink.Taken.GroupBy(t => t.Alert.IncidentId), incident => Assert.Equal(
            alerts.Where(a => a.IncidentId == incident.Key).Select(a => a.Id), incident.Select(t => t.Alert.Id)));
        Assert.All(sink.Taken, t => Assert.InRange(t.At, Back, Back.AddMinutes(5)));
        Assert.Equal(alerts.Count, Accepted(kind));
        Assert.Empty(await _state.ListDeadLettersAsync(10, Token));
        Assert.Equal(["refusing", "hanging", "failing", "limiting"], sink.Failures.Select(Mode).Distinct());
    }

    private static string Mode(DateTimeOffset at) => ((int)(at - Start).TotalMinutes / 15) switch { 0 => "refusing", 1 => "hanging", 2 => "failing", _ => "limiting" };

    /// <summary>Lets time pass whenever nothing is under way, and as long as an attempt takes that hangs.</summary>
    private async Task DriveAsync(ObservedSink sink)
    {
        Task? hanging = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(Patience);
        while ((await _state.WaitingSinksAsync(Token)).Count > 0)
        {
            Assert.False(
                patience.IsCancellationRequested,
                $"stuck at {_clock.GetUtcNow():T}: busy {sink.IsBusy}, hanging {_smtp.Hangs}, pauses {_clock.Pauses}, taken {sink.Taken.Count}, failed {sink.Failures.Count}");
            if (sink.IsBusy && _smtp.Hangs)
            {
                // One wait until it is over: a second one would take the next attempt's word.
                hanging ??= Task.WhenAny(Http.HangingAsync(Token).AsTask(), _smtp.HangingAsync(Token).AsTask());
                var ended = sink.Ended;
                if (await Task.WhenAny(hanging, ended, Task.Delay(Timeout.Infinite, patience.Token)) == hanging)
                {
                    hanging = null;
                    _clock.Advance(SinkClient.Timeout);
                    await ended;
                }
            }
            else if (!sink.IsBusy && _clock.Pauses > 0)
            {
                // Before the time comes: whoever waits for it may be quicker than we are.
                Turn(Step);
                _clock.Advance(Step);
            }
            else
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Makes the receivers what they will be.</summary>
    private void Turn(TimeSpan ahead)
    {
        var now = _clock.GetUtcNow() + ahead;
        var mode = now < Back ? Mode(now) : "there";
        _network.IsDown = mode == "refusing";
        Http.Hangs = _smtp.Hangs = mode == "hanging";
        _smtp.Refusal = mode switch { "failing" => "451 try later", "limiting" => "421 too many", _ => null };
    }

    private Func<Arrival, Reply> Answer(string kind) => request => Mode(_clock.GetUtcNow()) switch
    {
        _ when _clock.GetUtcNow() >= Back => kind switch
        {
            "pagerduty" => Documented.PagerDuty(request),
            "opsgenie" => Documented.Opsgenie(request),
            "slack" => Documented.Slack(request),
            "slack-bot" => _workspace.Answer(request),
            "datadog" => Documented.Datadog(request),
            _ => new Reply(200),
        },
        "failing" => new Reply(500, "oops"),
        _ => new Reply(429, "slow down", RetryAfter: "90"),
    };

    /// <summary>What the receiver took for a message of its own.</summary>
    private int Accepted(string kind) => kind switch
    {
        "email" => _smtp.Messages.Count,
        "slack-bot" => _workspace.Postings.Count,
        _ => Http.Accepted,
    };

    private IAlertSink Create(string kind)
    {
        SinkOptions options = kind switch
        {
            "webhook" => new WebhookOptions { Url = Http.Url + "/hook", SigningSecrets = ["whsec_" + Convert.ToBase64String(new byte[32])] },
            "pagerduty" => new PagerDutyOptions { Url = Http.Url + "/v2/enqueue", RoutingKey = new string('k', 32) },
            "opsgenie" => new OpsgenieOptions { Url = Http.Url + "/v2/alerts", ApiKey = "0123456789-key" },
            "slack" => new SlackOptions { Url = Http.Url + "/services/x" },
            "slack-bot" => new SlackOptions { Url = Http.Url + "/api", Token = SlackWorkspace.Token, Channel = SlackWorkspace.Channel },
            "teams" => new TeamsOptions { Url = Http.Url + "/workflow" },
            "datadog" => new DatadogOptions { Url = Http.Url + "/api/v1/events", ApiKey = new string('k', 32) },
            "alertmanager" => new AlertmanagerOptions { Url = Http.Url },
            _ => new EmailOptions { Host = "localhost", Port = _smtp.Port, Security = "none", From = "culprit@test.test", To = ["oncall@test.test"] },
        };
        options.AllowLoopback = true;
        Assert.Empty(options.Mistakes("x"));
        return SinkType.All.Single(t => t.Name == (kind == "slack-bot" ? "slack" : kind))
            .Create("sink", options, new SinkContext(_network, _clock, new MemoryAlertThreadStore()));
    }

    private static OutboxItem Item(string type, int incident)
    {
        var json = JsonNode.Parse(SomeEvent.Item(type).Json.Span)!;
        var id = $"{type[6..]}{incident}";
        json["id"] = id;
        json["incident_id"] = $"incident{incident}";
        return new OutboxItem(id, "sink", $"incident{incident}", Encoding.UTF8.GetBytes(json.ToJsonString()), 0);
    }

    /// <summary>Knows whether an attempt is under way, and remembers how each ended and when.</summary>
    private sealed class ObservedSink(IAlertSink inner, TimeProvider clock) : IAlertSink, IDisposable
    {
        private volatile TaskCompletionSource? _attempt;

        public string Name => inner.Name;

        public bool IsBusy => _attempt is not null;

        public Task Ended => _attempt?.Task ?? Task.CompletedTask;

        public List<(OutboxItem Alert, DateTimeOffset At)> Taken { get; } = [];

        public List<DateTimeOffset> Failures { get; } = [];

        public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
        {
            var attempt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _attempt = attempt;
            try
            {
                var result = await inner.DeliverAsync(alert, cancellationToken);
                if (result.Outcome == DeliveryOutcome.Delivered)
                {
                    Taken.Add((alert, clock.GetUtcNow()));
                }
                else
                {
                    Failures.Add(clock.GetUtcNow());
                }

                return result;
            }
            finally
            {
                _attempt = null;
                attempt.SetResult();
            }
        }

        public void Dispose() => (inner as IDisposable)?.Dispose();
    }

    /// <summary>Connections are refused while it is down.</summary>
    private sealed class SwitchedNetwork : INetwork
    {
        private readonly SystemNetwork _inner = new();

        public bool IsDown { get; set; }

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);

        public Task<Stream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken) =>
            IsDown ? throw new SocketException((int)SocketError.ConnectionRefused) : _inner.ConnectAsync(endPoint, cancellationToken);
    }

    /// <summary>Counts who waits for time to pass, limits of attempts left out.</summary>
    private sealed class PauseClock(DateTimeOffset start) : FakeTimeProvider(start)
    {
        private int _pauses;

        public int Pauses => Volatile.Read(ref _pauses);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            return dueTime == SinkAttempt.Longest || dueTime == SinkClient.Timeout ? timer : new Pause(this, timer);
        }

        private sealed class Pause : ITimer
        {
            private readonly PauseClock _clock;
            private readonly ITimer _inner;
            private int _isDisposed;

            public Pause(PauseClock clock, ITimer inner)
            {
                (_clock, _inner) = (clock, inner);
                Interlocked.Increment(ref clock._pauses);
            }

            public bool Change(TimeSpan dueTime, TimeSpan period) => _inner.Change(dueTime, period);

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
                {
                    Interlocked.Decrement(ref _clock._pauses);
                    _inner.Dispose();
                }
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }
    }
}
