using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Hosting;

namespace VizPipeline.Coordinator;

/// <summary>The catalog in PostgreSQL, for a service.</summary>
public static class PostgresCatalogExtensions
{
    /// <summary>Adds it, with a look at it before the service starts.</summary>
    public static IHostApplicationBuilder AddPostgresCatalog(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<PostgresOptions>(PostgresOptions.Section);
        builder.Services.AddSingleton<CatalogDatabase>(services => new PostgresCatalogDatabase(services.GetRequiredService<IOptions<PostgresOptions>>().Value));
        builder.Services.AddSingleton<IStartupCheck, PostgresCheck>();
        return builder;
    }

    /// <summary>Makes or updates the tables and ends: for a role that may, before services whose role may not.</summary>
    public static async Task<int> MigrateAsync(this WebApplication app)
    {
        try
        {
            var database = app.Services.GetRequiredService<CatalogDatabase>();
            await database.MigrateAsync();
            Console.WriteLine($"The catalog {database.Place} is up to date.");
            return 0;
        }
        catch (CatalogUnusableException failure)
        {
            await Console.Error.WriteLineAsync($"viz-coordinator migrate: {failure.Message}");
            return ServiceHost.CannotStart;
        }
    }

    private sealed class PostgresCheck(CatalogDatabase database) : IStartupCheck
    {
        public string Target => $"The catalog {database.Place} (Postgres__Host, Postgres__Port)";

        public async Task RunAsync(CancellationToken cancellation)
        {
            try
            {
                await database.MigrateAsync(cancellation);
            }
            catch (CatalogUnusableException failure)
            {
                throw new StartupException(failure.Message, database.IsTransient(failure), failure);
            }
        }
    }
}
