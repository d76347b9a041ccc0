using Culprit.IntegrationTests.Support;

[assembly: AssemblyFixture(typeof(SharedPostgres))]

namespace Culprit.IntegrationTests.Support;

/// <summary>One PostgreSQL for all tests that only need a database of their own; started by the first that asks.</summary>
public class SharedPostgres : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly int? _version;
    private PostgresServer? _server;

    public SharedPostgres()
    {
    }

    /// <param name="version">One that <c>./test</c> fetches.</param>
    protected SharedPostgres(int version) => _version = version;

    /// <summary>The URL of a new database; skips the test where there is no PostgreSQL.</summary>
    public async Task<string> NewDatabaseAsync(CancellationToken cancellationToken) =>
        await (await ServerAsync(cancellationToken)).NewDatabaseAsync(cancellationToken);

    internal async Task<PostgresServer> ServerAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken);
        try
        {
            return _server ??= await PostgresServer.StartNewAsync(cancellationToken, _version);
        }
        finally
        {
            _starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _starting.Dispose();
        GC.SuppressFinalize(this);
    }
}
