using System.Security.Cryptography;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class ChangesTests : IAsyncLifetime
{
    private const string Secret = "a secret of GitHub's webhook";

    private const string Push = """
        {"ref":"refs/heads/main","repository":{"full_name":"acme/checkout","default_branch":"main"},"commits":[
          {"id":"c0ffee","message":"Drop the retry","timestamp":"2026-11-23T04:59:00Z","author":{"name":"Ada"},"added":[],"modified":["a.go"],"removed":[]}]}
        """;

    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync(services => services.AddSingleton(
        new Settings(new CulpritOptions { Changes = new ChangesSection { GitHub = new GitHubSection { Secret = Secret } } })));

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task AChangeIsPublishedWithAMessageOfItsFields()
    {
        var answer = await PostAsync("/changes", """{"kind":"deploy","service":"checkout","environment":"production","version":"2.4.1"}""");
        var read = await _face.GetAsync("/events/" + (string?)answer.Json["id"]);

        Assert.Equal(201, answer.Status);
        Assert.Equal(("change", "deploy checkout 2.4.1", "2.4.1"), ((string?)read.Json["type"], (string?)read.Json["message"], (string?)read.Json["version"]));
    }

    [Fact]
    public async Task OneBadChangeDoesNotStopTheOthers()
    {
        var answer = await PostAsync("/changes", """[{"kind":"flag","message":"new-cart on"},7,{"message":"without a kind"}]""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(1, (int?)answer.Json["accepted"]);
        Assert.Equal([1, 2], answer.Json["rejected"]!.AsArray().Select(r => (int)r!["index"]!));
    }

    [Theory]
    [InlineData("", "empty_body")]
    [InlineData("{", "bad_json")]
    [InlineData("7", "bad_change")]
    public async Task ABodyThatIsNoChangeIsAnsweredInWords(string body, string code)
    {
        var answer = await PostAsync("/changes", body);

        Assert.Equal((400, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task ARedeliveryOfGitHubCountsOnce()
    {
        var first = await PostAsync("/changes/github", Push, Signature(Push));
        var second = await PostAsync("/changes/github", Push, Signature(Push));
        var stored = await _face.GetAsync("/events?type=change");

        Assert.Equal((200, 1), (first.Status, (int)first.Json["accepted"]!));
        Assert.Equal((200, 1), (second.Status, (int)second.Json["duplicates"]!));
        Assert.Equal("c0ffee", (string?)Assert.Single(stored.Json["events"]!.AsArray())!["sha"]);
    }

    [Fact]
    public async Task AnUnsignedWebhookIsRefused()
    {
        var unsigned = await PostAsync("/changes/github", Push);
        var forged = await PostAsync("/changes/github", Push, Signature(Push + " "));

        Assert.Equal((401, "bad_signature"), (unsigned.Status, unsigned.Code));
        Assert.Equal((401, "bad_signature"), (forged.Status, forged.Code));
    }

    [Fact]
    public async Task WithoutASecretTheWebhookSaysWhatToSet()
    {
        await using var face = await HttpFace.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/changes/github") { Content = new StringContent(Push) };

        var answer = await face.SendAsync(request);

        Assert.Equal((403, "webhook_not_configured"), (answer.Status, answer.Code));
    }

    private static string Signature(string body) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(body)));

    private Task<Answer> PostAsync(string path, string body, string? signature = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (signature is not null)
        {
            request.Headers.Add("X-Hub-Signature-256", signature);
            request.Headers.Add("X-GitHub-Event", "push");
        }

        return _face.SendAsync(request);
    }
}
