using System.ComponentModel.DataAnnotations;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Catalog;

public sealed class PostgresOptionsTests
{
    [Fact]
    public void Each_fault_names_its_option()
    {
        var faults = new List<ValidationResult>();
        var options = new PostgresOptions { Port = 0, Connections = 1, Tls = (PostgresTls)9 };
        Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true);

        Assert.Equal(
            [
                "Postgres:Connections must be from 3 to 1000",
                "Postgres:Database is missing",
                "Postgres:Host is missing",
                "Postgres:Port must be from 1 to 65535",
                "Postgres:Tls must be Disable, Prefer, Require, VerifyCa or VerifyFull",
                "Postgres:User is missing",
            ],
            faults.Select(fault => fault.ErrorMessage!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_place_tells_no_secrets()
    {
        using var database = new PostgresCatalogDatabase(new() { Host = "db", Database = "viz", User = "app", Password = "secret" });
        Assert.Equal("db:5432/viz", database.Place);
    }
}
