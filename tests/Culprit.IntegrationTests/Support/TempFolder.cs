namespace Culprit.IntegrationTests.Support;

/// <summary>A folder that is deleted at the end of the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("culprit-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
