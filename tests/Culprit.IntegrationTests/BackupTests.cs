using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests;

/// <summary>A backup of a server under load, restored into an empty folder, has every record acknowledged before it began, once.</summary>
public sealed class BackupTests
{
    private const int BatchSize = 500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARestoredServerHasWhatWasAcknowledgedAndTheSameIncidents()
    {
        using var folder = new TempFolder();
        var data = Directory.CreateDirectory(Path.Combine(folder.Path, "data")).FullName;
        var restored = Directory.CreateDirectory(Path.Combine(folder.Path, "restored")).FullName;
        var backup = Path.Combine(folder.Path, "backup");
        var acknowledged = new ConcurrentDictionary<string, byte>();
        string[] incidents;
        string[] before;
        await using (var server = await ServerProcess.StartAsync(data, Token))
        {
            await FailAsync(server);
            incidents = [.. (await server.WaitForEventsAsync("type=incident.opened", e => e.Count > 0, Token)).Select(Id)];
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var load = Enumerable.Range(0, 3).Select(c => LoadAsync(server, c, acknowledged, ended.Token)).ToList();
            await UntilAsync(() => acknowledged.Count >= 20 * BatchSize);
            before = [.. acknowledged.Keys];

            var run = await CommandRun.ExecuteAsync(null, ["backup", backup, "--data", data, "--json"], Token);

            Assert.True(run.ExitCode == 0, run.Errors);
            Assert.True(JsonSerializer.Deserialize<JsonElement>(run.Output).GetProperty("bytes").GetInt64() > 0);
            Assert.True(acknowledged.Count > before.Length, "nothing was written during the backup");
            await ended.CancelAsync();
            await Task.WhenAll(load);
            await server.KillAsync();
        }

        var back = await CommandRun.ExecuteAsync(null, ["restore", backup, "--data", restored], Token);
        Assert.True(back.ExitCode == 0, back.Errors);
        await using var second = await ServerProcess.StartAsync(restored, Token);
        var found = await ReadAllAsync(second);

        Assert.DoesNotContain(before, id => !found.ContainsKey(id));
        Assert.DoesNotContain(found, f => f.Value != 1);
        Assert.Equal(incidents, (await second.WaitForEventsAsync("type=incident.opened", e => e.Count > 0, Token)).Select(Id));
        Assert.Equal(HttpStatusCode.Created, (await second.PostAsync("""{"message":"afterwards"}""", "application/json", Token)).Status);
    }

    [Fact]
    public async Task WhatIsNotWholeOrNotEmptyIsRefusedWithItsReason()
    {
        using var folder = new TempFolder();
        var data = Directory.CreateDirectory(Path.Combine(folder.Path, "data")).FullName;
        var backup = Path.Combine(folder.Path, "backup");
        await using (var server = await ServerProcess.StartAsync(data, Token))
        {
            await server.PostAsync("""{"message":"a"}""", "application/json", Token);
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.Equal(0, (await CommandRun.ExecuteAsync(null, ["backup", backup, "--data", data], Token)).ExitCode);
        var exists = await CommandRun.ExecuteAsync(null, ["backup", backup, "--data", data], Token);
        var nothing = await CommandRun.ExecuteAsync(null, ["backup", backup + "2", "--data", folder.Path], Token);
        var full = await CommandRun.ExecuteAsync(null, ["restore", backup, "--data", data], Token);
        var inside = await CommandRun.ExecuteAsync(null, ["backup", Path.Combine(data, "backup"), "--data", data], Token);
        var within = await CommandRun.ExecuteAsync(null, ["restore", backup, "--data", Path.Combine(backup, "data")], Token);
        var journal = Directory.GetFiles(Path.Combine(backup, "journal"))[0];
        var bytes = await File.ReadAllBytesAsync(journal, Token);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(journal, bytes, Token);
        var damaged = await CommandRun.ExecuteAsync(null, ["restore", backup, "--data", Path.Combine(folder.Path, "new")], Token);
        File.Delete(Path.Combine(backup, "backup.json"));
        var unfinished = await CommandRun.ExecuteAsync(null, ["restore", backup, "--data", Path.Combine(folder.Path, "new2")], Token);

        Assert.Equal([1, 1, 1, 1, 1, 1, 1], ((CommandRun[])[exists, nothing, full, inside, within, damaged, unfinished]).Select(r => r.ExitCode));
        Assert.Contains("exists already", exists.Errors, StringComparison.Ordinal);
        Assert.Contains("no data folder", nothing.Errors, StringComparison.Ordinal);
        Assert.Contains("not empty", full.Errors, StringComparison.Ordinal);
        Assert.Contains("damaged", damaged.Errors, StringComparison.Ordinal);
        Assert.Contains("no finished backup", unfinished.Errors, StringComparison.Ordinal);
        Assert.Contains("in the data folder", inside.Errors, StringComparison.Ordinal);
        Assert.Contains("part of the backup", within.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder.Path, "new"))); // What was copied before the damage is gone again.
    }

    [Fact]
    public async Task NoServerStartsOnWhatAKilledRestoreLeaves()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "restore.unfinished"), "", Token);

        var run = await CommandRun.ExecuteAsync(null, ["serve", "--urls", "http://127.0.0.1:0", "--data", folder.Path], Token);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("was not restored to its end", run.Errors, StringComparison.Ordinal);
    }

    private static async Task FailAsync(ServerProcess server)
    {
        for (var i = 0; i < 6; i++)
        {
            await server.PostAsync($$"""{"service":"shop","level":"error","message":"payment {{i}} failed"}""", "application/json", Token);
        }
    }

    private static async Task LoadAsync(ServerProcess server, int sender, ConcurrentDictionary<string, byte> acknowledged, CancellationToken ended)
    {
        for (var batch = 0; !ended.IsCancellationRequested; batch++)
        {
            var ids = Enumerable.Range(0, BatchSize).Select(i => $"{sender}-{batch}-{i}").ToList();
            var body = string.Join('\n', ids.Select(id => $$"""{"id":"{{id}}","service":"load","environment":"test","message":"m {{id}}"}"""));
            if ((await server.PostAsync(body, "application/x-ndjson", Token)).Status == HttpStatusCode.OK)
            {
                ids.ForEach(id => acknowledged.TryAdd(id, 0));
            }
        }
    }

    private static async Task<Dictionary<string, int>> ReadAllAsync(ServerProcess server)
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var page = await server.GetAsync("/events?type=log.entry&service=load&order=asc&limit=1000" + (cursor is null ? "" : "&cursor=" + cursor), Token);
            foreach (var id in page.GetProperty("events").EnumerateArray().Select(Id))
            {
                found[id] = found.GetValueOrDefault(id) + 1;
            }

            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        return found;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
        {
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }

    private static string Id(JsonElement e) => e.GetProperty("id").GetString()!;
}
