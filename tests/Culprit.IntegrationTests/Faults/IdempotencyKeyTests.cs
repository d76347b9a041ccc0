using System.Net;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>A key gives the same answer again, and its events count once, whatever became of the server in between.</summary>
[Collection(FaultCollection.Name)]
public sealed class IdempotencyKeyTests
{
    private const string Rejecting = """[{"service":"shop","message":"a"},{"service":5},{"service":"shop","message":"b"}]""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <remarks>At each point the entry is in the file, and nobody was answered: the sender comes back under the same key.</remarks>
    [Fact]
    public async Task AfterAKillEveryKeyIsAnsweredAsBeforeAndCountsOnce()
    {
        var runs = FaultTier.Pick(4, 40);
        var seed = FaultTier.NewSeed();
        var random = new Random(seed);
        using var folder = new TempFolder();
        var answers = new Dictionary<string, string>();
        for (var run = 0; run < runs; run++)
        {
            var point = run % 2 == 0 ? "journal-after-sync" : "journal-before-ack";
            var environment = new Dictionary<string, string> { ["FAULT_POINT"] = $"{point}:{random.Next(5, 40)}" };
            await using var server = await ServerProcess.StartAsync(folder.Path, Token, environment);
            await SendUntilItDiesAsync(server, answers, run);
        }

        await using var last = await ServerProcess.StartAsync(folder.Path, Token);
        var unanswered = $"key-{answers.Count}";
        answers.Add(unanswered, (await PostAsync(last, unanswered, Body(unanswered))).Answer);
        foreach (var (key, answer) in answers)
        {
            Assert.Equal((HttpStatusCode.Created, answer), await PostAsync(last, key, Body(key)));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(last, key, Body("other"))).Status);
        }

        var stored = await last.WaitForEventsAsync("type=log.entry&limit=1000", _ => true, Token);
        FaultTier.Report($"R1 idempotency keys, {runs} kills, seed {seed}: {answers.Count} keys answered as before, {stored.Count} events");
        Assert.True(answers.Count >= runs);
        Assert.Equal(answers.Count, stored.Count);
    }

    [Fact]
    public async Task RequestsAtOnceUnderOneKeyAreOneAlsoAfterARestart()
    {
        using var folder = new TempFolder();
        (HttpStatusCode, string) first;
        await using (var server = await ServerProcess.StartAsync(folder.Path, Token))
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync(server, "k", Rejecting)));
            first = Assert.Single(answers.Distinct());
            await server.KillAsync();
        }

        await using var second = await ServerProcess.StartAsync(folder.Path, Token);
        var again = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync(second, "k", Rejecting)));

        Assert.Equal(first, Assert.Single(again.Distinct()));
        Assert.Equal(2, (await second.WaitForEventsAsync("type=log.entry", _ => true, Token)).Count);
    }

    /// <remarks>As when it was trimmed: what is left of the key is in the state database.</remarks>
    [Fact]
    public async Task AKeyOutlivesItsEntryInTheJournal()
    {
        using var folder = new TempFolder();
        (HttpStatusCode, string) first;
        await using (var server = await ServerProcess.StartAsync(folder.Path, Token))
        {
            first = await PostAsync(server, "k", Rejecting);
            Assert.Equal(0, await server.StopAsync());
        }

        Directory.Delete(Path.Combine(folder.Path, "journal"), recursive: true);
        await using var second = await ServerProcess.StartAsync(folder.Path, Token);

        Assert.Equal(first, await PostAsync(second, "k", Rejecting));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(second, "k", Body("other"))).Status);
        Assert.Equal(2, (await second.WaitForEventsAsync("type=log.entry", e => e.Count > 0, Token)).Count);
    }

    /// <summary>Each key is sent until it is answered, here or by a later server.</summary>
    private static async Task SendUntilItDiesAsync(ServerProcess server, Dictionary<string, string> answers, int run)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                // The one that was not answered by the server before comes again first.
                var key = $"key-{answers.Count}";
                var (status, answer) = await PostAsync(server, key, Body(key));
                Assert.True(status == HttpStatusCode.Created, answer);
                answers.Add(key, answer);
                Assert.True(i < 1000, $"run {run} met no fault");
            }
        }
        catch (HttpRequestException)
        {
            Assert.True(await server.EndsWithinAsync(TimeSpan.FromSeconds(10), Token));
        }
    }

    private static string Body(string key) => $$"""{"service":"shop","environment":"test","message":"order of {{key}}"}""";

    private static async Task<(HttpStatusCode Status, string Answer)> PostAsync(ServerProcess server, string key, string body)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri("/events", UriKind.Relative));
        message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        message.Headers.Add("Idempotency-Key", key);
        using var response = await server.Http.SendAsync(message, Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }
}
