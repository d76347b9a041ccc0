using Culprit.Server.Storage.Postgres;
using Npgsql;

namespace Culprit.Tests.Storage;

public class StoreUrlTests
{
    [Fact]
    public void EveryPartOfTheUrlReachesTheDriver()
    {
        Assert.True(StoreUrl.TryParse("postgresql://me:p%40ss%3A%2F@db.example.org:6432/logs?sslmode=verify-full&sslrootcert=/ca.pem&Maximum%20Pool%20Size=7", out var url));

        var driver = new NpgsqlConnectionStringBuilder(url.ConnectionString);
        Assert.Equal(("db.example.org", 6432, "logs", "me", "p@ss:/"), (driver.Host, driver.Port, driver.Database, driver.Username, driver.Password));
        Assert.Equal((SslMode.VerifyFull, "/ca.pem", 7, "culprit"), (driver.SslMode, driver.RootCertificate, driver.MaxPoolSize, driver.SearchPath));
        Assert.Equal("postgres://db.example.org:6432/logs", url.Name);
        Assert.Equal(url.Name, url.ToString());
    }

    [Fact]
    public void WhatIsNotSaidHasADefault()
    {
        Assert.True(StoreUrl.TryParse("postgres://[::1]", out var url));

        var driver = new NpgsqlConnectionStringBuilder(url.ConnectionString);
        Assert.Equal(("::1", 5432, "culprit", null), (driver.Host, driver.Port, driver.Database, driver.Password));
    }

    [Theory]
    [InlineData("")]
    [InlineData("culprit-data")]
    [InlineData("mysql://host/db")]
    [InlineData("postgres://host/db?nonsense=1")]
    [InlineData("postgres://host/db?sslmode=perhaps")]
    [InlineData("postgres://host/db?flag")]
    public void AnythingElseIsRefused(string text) => Assert.False(StoreUrl.TryParse(text, out _));
}
