using System.Text.Json;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Xunit;

namespace Culprit.Tests.Access;

public sealed class KeyRequestTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 5, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("""{"name":"","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"a\nb","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"n","scopes":[]}""", "scopes")]
    [InlineData("""{"name":"n","scopes":["write"]}""", "scopes")]
    [InlineData("""{"name":"n","scopes":["admin"],"environments":["production"]}""", "scopes")]
    [InlineData("""{"name":"n","scopes":["read"],"environments":["a b"]}""", "environments")]
    [InlineData("""{"name":"n","scopes":["ingest"],"services":[""]}""", "services")]
    [InlineData("""{"name":"n","scopes":["ingest"],"minimum_level":"loud"}""", "minimum_level")]
    [InlineData("""{"name":"n","scopes":["ingest"],"sample":0}""", "sample")]
    [InlineData("""{"name":"n","scopes":["ingest"],"records_per_second":0}""", "records_per_second")]
    [InlineData("""{"name":"n","scopes":["ingest"],"bytes_per_day":-1}""", "bytes_per_day")]
    [InlineData("""{"name":"n","scopes":["ingest"],"expires_in_days":0}""", "expires_in_days")]
    public void WhatIsNotAllowedIsNamed(string json, string field)
    {
        var request = KeyJson.ReadRequest(JsonSerializer.Deserialize<JsonElement>(json));

        var mistake = Assert.Throws<ArgumentException>(() => request.Make(Now));

        Assert.Contains($"'{field}'", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"name":"n"}""")]
    [InlineData("""{"name":"n","scopes":"read"}""")]
    [InlineData("""{"name":"n","scopes":["read"],"colour":"red"}""")]
    public void WhatIsNoKeyIsNone(string json) =>
        Assert.Throws<JsonException>(() => KeyJson.ReadRequest(JsonSerializer.Deserialize<JsonElement>(json)));

    [Fact]
    public void TheStoredTermsAreTheKeysTermsAndHoldNoSecret()
    {
        var (key, secret) = new KeyRequest("shipper of shop", ["ingest", "read"])
        {
            Environments = ["production"],
            Services = ["shop-*"],
            MinimumLevel = "warn",
            Sample = 0.25,
            RecordsPerSecond = 5,
            BytesPerDay = 6,
            LowPriority = true,
            ExpiresInDays = 2,
        }.Make(Now);

        var json = KeyTerms.ToJson(key);
        var read = KeyTerms.Read(key.Id, key.Hash.ToArray(), json, key.CreatedAt, null);

        Assert.Equivalent(key, read, strict: true);
        Assert.DoesNotContain(secret, System.Text.Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        Assert.True(KeySecret.HasForm(secret));
        Assert.True(read.IsValid(Now.AddDays(1)));
        Assert.False(read.IsValid(Now.AddDays(2)));
    }

    [Theory]
    [InlineData(KeyScopes.Ingest, KeyScopes.Ingest, true)]
    [InlineData(KeyScopes.Ingest, KeyScopes.Read, false)]
    [InlineData(KeyScopes.Read, KeyScopes.Read | KeyScopes.Ingest, true)]
    [InlineData(KeyScopes.Read, KeyScopes.Admin, false)]
    [InlineData(KeyScopes.Admin, KeyScopes.Ingest, true)]
    internal void AdminIncludesTheOthers(KeyScopes has, KeyScopes needs, bool isAllowed) =>
        Assert.Equal(isAllowed, new ApiKey("i", new byte[32], "n", has, Now).Allows(needs));
}
