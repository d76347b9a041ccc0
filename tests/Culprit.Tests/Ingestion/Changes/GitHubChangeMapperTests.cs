using System.Text;
using System.Text.Json.Nodes;
using Culprit.Engine.Ingestion.Changes;
using Culprit.Server.Ingestion.Changes;

namespace Culprit.Tests.Ingestion.Changes;

public class GitHubChangeMapperTests
{
    private const string Push = """
        {"ref":"refs/heads/main","repository":{"full_name":"acme/checkout","default_branch":"main"},"commits":[
          {"id":"0fa0f1195bb6c21bf070fd4be964b0eb75384484","message":"Drop the retry","timestamp":"2026-06-23T09:03:55+02:00",
           "url":"https://example.invalid/c/0fa0","author":{"name":"Ada","username":"ada"},
           "added":["src/a.go"],"modified":["src/b.go"],"removed":[]}]}
        """;

    private const string DeploymentStatus = """
        {"action":"created","repository":{"full_name":"acme/checkout","default_branch":"main"},
         "deployment_status":{"state":"STATE","created_at":"2026-06-23T09:10:00Z"},
         "deployment":{"id":42,"sha":"0fa0","ref":"v2","environment":"production","creator":{"login":"ada"},"created_at":"2026-06-23T09:09:00Z"}}
        """;

    [Fact]
    public void ACommitOnTheDefaultBranchIsAChangeOfTheRepositorysService()
    {
        var change = Assert.Single(Map("push", Push));

        Assert.Equal("change", (string?)change["type"]);
        Assert.Equal("commit", (string?)change["kind"]);
        Assert.Equal("checkout", (string?)change["service"]);
        Assert.Equal("0fa0f1195bb6c21bf070fd4be964b0eb75384484", (string?)change["sha"]);
        Assert.Equal("ada", (string?)change["author"]);
        Assert.Equal(["src/a.go", "src/b.go"], change["files_changed"]!.AsArray().Select(f => (string?)f));
        Assert.Equal("2026-06-23T09:03:55+02:00", (string?)change["timestamp"]);
    }

    [Fact]
    public void ConfigurationNamesTheServiceOfARepository()
    {
        var change = Assert.Single(Map("push", Push, new() { ["acme/checkout"] = "checkout-api" }));

        Assert.Equal("checkout-api", (string?)change["service"]);
    }

    [Theory]
    [InlineData("push", "refs/heads/main", "refs/heads/feature")] // Not deployed from here.
    [InlineData("issues", "", " ")]                               // An event without a change.
    [InlineData("push", "\"commits\":[", "\"commits\":[],\"x\":[")]
    public void WhatChangesNothingIsNoChange(string kind, string old, string replacement) =>
        Assert.Empty(Map(kind, old.Length == 0 ? Push : Push.Replace(old, replacement, StringComparison.Ordinal)));

    [Theory]
    [InlineData("success", 1)]
    [InlineData("failure", 0)]
    [InlineData("pending", 0)]
    public void OnlyADeploymentThatSucceededIsADeploy(string state, int expected)
    {
        var changes = Map("deployment_status", DeploymentStatus.Replace("STATE", state, StringComparison.Ordinal));

        Assert.Equal(expected, changes.Count);
        Assert.All(changes, c => Assert.Equal(("deploy", "production", "0fa0"), ((string?)c["kind"], (string?)c["environment"], (string?)c["sha"])));
    }

    [Fact]
    public void ARedeliveryHasTheSameIds() =>
        Assert.Equal(Map("push", Push).Select(c => (string?)c["id"]), Map("push", Push).Select(c => (string?)c["id"]));

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"repository\":7}")]
    public void AForeignBodyIsRefusedInWords(string body) =>
        Assert.NotNull(new GitHubChangeMapper(new Dictionary<string, string>()).Map("push", Encoding.UTF8.GetBytes(body)).Refusal);

    // The example of GitHub's documentation of its signatures.
    [Theory]
    [InlineData("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", true)]
    [InlineData("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18", false)]
    [InlineData("sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", false)]
    [InlineData("sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", false)]
    [InlineData("", false)]
    public void OnlyGitHubsSignatureIsValid(string header, bool expected) =>
        Assert.Equal(expected, GitHubSignature.IsValid("It's a Secret to Everybody", header, "Hello, World!"u8));

    private static List<JsonNode> Map(string kind, string body, Dictionary<string, string>? services = null)
    {
        var mapping = new GitHubChangeMapper(services ?? []).Map(kind, Encoding.UTF8.GetBytes(body));
        Assert.Null(mapping.Refusal);
        return mapping.Events.IsEmpty ? [] : [.. JsonNode.Parse(mapping.Events.Span)!.AsArray().Select(e => e!)];
    }
}
