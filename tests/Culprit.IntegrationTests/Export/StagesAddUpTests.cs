using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Export;

/// <summary>What each stage counts on <c>/metrics</c> against what was sent: nothing vanishes between two stages.</summary>
public sealed class StagesAddUpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task EveryStageCountsWhatItTookHandedOnAndDropped(int seed)
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token, new Dictionary<string, string>
        {
            ["CULPRIT_sourceFilter"] = "^app$",
            ["CULPRIT_admission__0__where"] = "level = debug",
            ["CULPRIT_admission__0__sample"] = "0.5",
            ["CULPRIT_admission__0__sampleUpTo"] = "debug",
        });
        using var sender = new MixedSender(server, seed);
        await sender.PrepareAsync();
        var reader = server.Http;
        await WaitAsync(reader, page => page.Sum("culprit_engine_lag_seconds") > 0);

        for (var i = 0; i < 60; i++)
        {
            await sender.SendAsync();
        }

        var page = await WaitAsync(reader, p => sender.FindProblem(p) is null && IsAtRest(p), p => sender.FindProblem(p));
        await CompareWithEventsAsync(reader, page);
    }

    /// <summary>Nothing is on its way; the store keeps some records in memory for a while, which is no loss.</summary>
    private static bool IsAtRest(Exposition page) =>
        Stages(page).Where(s => s != "store").All(s => page.Sum("culprit_stage_waiting", ("stage", s)) == 0)
        && Stages(page).All(s => In(page, s) == Out(page, s) + Dropped(page, s) + page.Sum("culprit_stage_waiting", ("stage", s)))
        && Out(page, "intake") == In(page, "journal")
        && Out(page, "journal") == In(page, "engine")
        && Out(page, "journal") == In(page, "store")
        && page.Sum("culprit_anomalies_total") == In(page, "incidents")
        && Out(page, "incidents") == In(page, "root_cause")
        && page.Sum("culprit_incidents_opened_total") > 0
        && In(page, "alerts") >= Out(page, "incidents");

    private static async Task CompareWithEventsAsync(HttpClient reader, Exposition page)
    {
        // Anomalies may still be found meanwhile: there are at least as many events as there were counts.
        Assert.True(await CountAsync("log.anomaly") >= In(page, "incidents"));
        Assert.True(await CountAsync("incident.opened") >= Out(page, "incidents"));
        Assert.True(await CountAsync("alert.firing,alert.updated,alert.resolved") >= In(page, "alerts"));

        async Task<int> CountAsync(string types)
        {
            var count = 0;
            foreach (var type in types.Split(','))
            {
                using var json = JsonDocument.Parse(await reader.GetStringAsync(new Uri($"/events?type={type}&limit=1000", UriKind.Relative), Token));
                count += json.RootElement.GetProperty("events").GetArrayLength();
            }

            return count;
        }
    }

    private static async Task<Exposition> WaitAsync(HttpClient reader, Func<Exposition, bool> condition, Func<Exposition, string?>? problem = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var text = "";
        try
        {
            while (true)
            {
                text = await reader.GetStringAsync(new Uri("/metrics", UriKind.Relative), limit.Token);
                var page = Exposition.Parse(text);
                if (condition(page))
                {
                    return page;
                }

                await pause.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            var stages = string.Join('\n', text.Split('\n').Where(l => l.StartsWith("culprit_stage", StringComparison.Ordinal) || l.StartsWith("culprit_ingest", StringComparison.Ordinal)));
            throw new TimeoutException($"not met within {Patience}: {problem?.Invoke(Exposition.Parse(text))}\n{stages}");
        }
    }

    private static IEnumerable<string> Stages(Exposition page) =>
        page.Series.Where(s => s.Name == "culprit_stage_in_total").Select(s => s.Labels["stage"]);

    private static double In(Exposition page, string stage) => page.Sum("culprit_stage_in_total", ("stage", stage));

    private static double Out(Exposition page, string stage) => page.Sum("culprit_stage_out_total", ("stage", stage));

    private static double Dropped(Exposition page, string stage) => page.Sum("culprit_stage_dropped_total", ("stage", stage));

    /// <summary>Sends one request after the other, good and bad, and knows what must become of each event.</summary>
    private sealed class MixedSender(ServerProcess server, int seed) : IDisposable
    {
        private const int MaxEnvironments = 64;

        private readonly Random _random = new(seed);
        private readonly Dictionary<(string Stage, string Reason), int> _dropped = [];
        private readonly HashSet<string> _environments = [];
        private readonly List<string> _ids = [];
        private HttpClient _wide = null!;
        private HttpClient _narrow = null!;
        private HttpClient _slow = null!;
        private int _sent;
        private int _debug;
        private int _reached;
        private int _refused;
        private int _next;

        public async Task PrepareAsync()
        {
            _wide = await ClientAsync("""{"name":"wide","scopes":["ingest"]}""");
            _narrow = await ClientAsync("""{"name":"narrow","scopes":["ingest"],"environments":["production"],"minimum_level":"warn"}""");
            _slow = await ClientAsync("""{"name":"slow","scopes":["ingest"],"records_per_second":1}""");

            // The environment of those that name none has its place from the start.
            _sent++;
            Reach();
            _environments.Add("");
            await PostAsync(_wide, "/events", Event(NewId()), "application/json", HttpStatusCode.Created);
        }

        public void Dispose()
        {
            _wide.Dispose();
            _narrow.Dispose();
            _slow.Dispose();
        }

        public async Task SendAsync()
        {
            switch (_random.Next(10))
            {
                case < 6:
                    await SendLinesAsync();
                    break;
                case 6:
                    await SendLokiTwiceAsync();
                    break;
                case 7:
                    await SendBrokenAsync();
                    break;
                case 8:
                    await SendOverQuotaAsync();
                    break;
                default:
                    await SendNarrowAsync();
                    break;
            }
        }

        /// <summary>Where the counts differ from what was sent; null where they do not.</summary>
        public string? FindProblem(Exposition page)
        {
            // Which of the debug records are sampled is the server's choice; that each is either sampled or kept is not.
            var sampled = page.Sum("culprit_stage_dropped_total", ("stage", "intake"), ("reason", "sampled")) - _dropped.GetValueOrDefault(("intake", "sampled"));
            var expected = new List<(string What, double Expected, double Actual)>
            {
                ("intake in", _sent, In(page, "intake")),
                ("sampled debug records, at most", Math.Min(_debug, sampled), sampled),
                ("engine out", _reached + _debug - sampled, Out(page, "engine")),
                ("analysed records above debug", _reached, page.Sum("culprit_records_total") - page.Sum("culprit_records_total", ("level", "debug"))),
                ("refused requests", _refused, page.Sum("culprit_ingest_refused_total", ("reason", "key_quota"))),
            };
            expected.AddRange(_dropped.Where(d => d.Key.Reason != "sampled").Select(d =>
                ($"{d.Key.Stage} {d.Key.Reason}", (double)d.Value, page.Sum("culprit_stage_dropped_total", ("stage", d.Key.Stage), ("reason", d.Key.Reason)))));
            expected.Add(("all dropped by intake and engine",
                _dropped.Values.Sum() + sampled, Dropped(page, "intake") + Dropped(page, "engine")));
            var wrong = expected.Where(e => e.Expected != e.Actual).Select(e => $"{e.What}: {e.Expected} expected, {e.Actual} counted").ToList();
            return wrong.Count == 0 ? null : string.Join("; ", wrong);
        }

        private async Task<HttpClient> ClientAsync(string key)
        {
            using var content = new StringContent(key, Encoding.UTF8, "application/json");
            using var answer = await server.Http.PostAsync(new Uri("/keys", UriKind.Relative), content, Token);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
            var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = server.Http.BaseAddress, Timeout = Patience };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", json.RootElement.GetProperty("key").GetString());
            return client;
        }

        private async Task SendLinesAsync()
        {
            var body = new StringBuilder();
            for (var i = _random.Next(1, 40); i > 0; i--)
            {
                body.Append(Line()).Append('\n');
            }

            await PostAsync(_wide, "/events", body.ToString(), "application/x-ndjson");
        }

        private string Line()
        {
            _sent++;
            switch (_random.Next(12))
            {
                case 0:
                    Drop("intake", "not_an_event");
                    return """{"neither":"this nor that"}""";
                case 1:
                    Drop("intake", "bad_json");
                    return "{\"message\":";
                case 2 when _ids.Count > 0:
                    Drop("intake", "duplicate");
                    return Event(_ids[_random.Next(_ids.Count)]);
                case 3:
                    Drop("engine", "late");
                    return Event(NewId(), "\"timestamp\":\"" + TimeProvider.System.GetUtcNow().AddMinutes(-10).ToString("O", CultureInfo.InvariantCulture) + "\"");
                case 4:
                    Drop("engine", "source_filter");
                    return Event(NewId(), source: "noise");
                case 5 or 9:
                    return InEnvironment("e" + _random.Next(150));
                case 6:
                    _debug++;
                    return Event(NewId(), "\"level\":\"debug\"");
                case 7 or 8:
                    Reach();
                    return Event(NewId(), "\"level\":\"error\"");
                default:
                    Reach();
                    return Event(NewId());
            }
        }

        private string InEnvironment(string environment)
        {
            if (_environments.Contains(environment) || _environments.Count < MaxEnvironments)
            {
                _environments.Add(environment);
                Reach();
            }
            else
            {
                Drop("engine", "environment_limit");
            }

            return Event(NewId(), $"\"environment\":\"{environment}\"");
        }

        private async Task SendLokiTwiceAsync()
        {
            var lines = _random.Next(1, 10);
            var now = 1_000_000L * TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            var values = Enumerable.Range(0, lines).Select(i => $"[\"{now + i}\",\"line {_next++} of this sender\"]");
            var body = $$$"""{"streams":[{"stream":{"service_name":"loki"},"values":[{{{string.Join(',', values)}}}]}]}""";
            await PostAsync(_wide, "/loki/api/v1/push", body, "application/json", HttpStatusCode.NoContent);
            await PostAsync(_wide, "/loki/api/v1/push", body, "application/json", HttpStatusCode.NoContent);
            _sent += 2 * lines;
            _dropped[("engine", "source_filter")] = _dropped.GetValueOrDefault(("engine", "source_filter")) + lines; // It has no source.
            _dropped[("intake", "duplicate")] = _dropped.GetValueOrDefault(("intake", "duplicate")) + lines;
        }

        private async Task SendBrokenAsync()
        {
            var whole = _random.Next(1, 5);
            var body = $"[{string.Join(',', Enumerable.Range(0, whole).Select(_ => Event("lost-" + _next++)))},{{\"message\":\"cut of";
            await PostAsync(_wide, "/events", body, "application/json", HttpStatusCode.BadRequest);
            _sent += whole;
            _dropped[("intake", "bad_json")] = _dropped.GetValueOrDefault(("intake", "bad_json")) + whole;
        }

        /// <summary>The first request spends what the key may send in this second and the next; the others are refused unread.</summary>
        private async Task SendOverQuotaAsync()
        {
            var body = string.Join('\n', Enumerable.Range(0, 20).Select(_ => Event(NewId())));
            using var content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
            using var answer = await _slow.PostAsync(new Uri("/events", UriKind.Relative), content, Token);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                _refused++;
                _ids.RemoveRange(_ids.Count - 20, 20);
                return;
            }

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            _sent += 20;
            Reach(20);
        }

        private async Task SendNarrowAsync()
        {
            var lines = new[]
            {
                Event(NewId(), "\"level\":\"error\",\"environment\":\"production\""),
                Event("forbidden-" + _next++, "\"level\":\"error\",\"environment\":\"staging\""),
                Event("quiet-" + _next++, "\"level\":\"info\",\"environment\":\"production\""),
            };
            await PostAsync(_narrow, "/events", string.Join('\n', lines), "application/x-ndjson");
            _sent += 3;
            _environments.Add("production");
            Reach();
            Drop("intake", "not_permitted");
            Drop("intake", "sampled");
        }

        private void Reach(int count = 1) => _reached += count;

        private void Drop(string stage, string reason) => _dropped[(stage, reason)] = _dropped.GetValueOrDefault((stage, reason)) + 1;

        private string NewId()
        {
            var id = $"{seed}-{_next++}";
            _ids.Add(id);
            return id;
        }

        private string Event(string id, string? more = null, string source = "app") =>
            $"{{\"id\":\"{id}\",\"message\":\"request {_next} failed or not\",\"service\":\"s{_random.Next(4)}\",\"source\":\"{source}\"{(more is null ? "" : "," + more)}}}";

        private static async Task PostAsync(HttpClient client, string path, string body, string type, HttpStatusCode? expected = null)
        {
            using var content = new StringContent(body, Encoding.UTF8, type);
            using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, Token);
            if (expected is { } status)
            {
                Assert.Equal(status, answer.StatusCode);
            }
            else
            {
                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest, answer.StatusCode.ToString());
            }
        }
    }
}
