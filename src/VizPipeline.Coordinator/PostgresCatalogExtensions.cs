using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Hosting;

namespace VizPipeline.Coordinator;

/// <summary>Extension methods that add the catalog in PostgreSQL to a service.</summary>
public static class PostgresCatalogExtensions
{
    /// <summary>Adds the catalog, which is migrated before the service starts.</summary>
    public static IHostApplicationBuilder AddPostgresCatalog(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<PostgresOptions>(PostgresOptions.Section);
        builder.Services.AddSingleton<CatalogDatabase>(
            services => new PostgresCatalogDatabase(services.GetRequiredService<IOptions<PostgresOptions>>().Value));
        builder.Services.AddSingleton<IStartupStep, PostgresMigration>();
        return builder;
    }

    /// <summary>Prints that the tables are up to date; the startup step has migrated them.</summary>
    /// <returns>The exit code of <c>migrate</c>.</returns>
    public static Task<int> TellUpToDate(IServiceProvider services)
    {
        Console.WriteLine($"The catalog {services.GetRequiredService<CatalogDatabase>().Place} is up to date.");
        return Task.FromResult(0);
    }

    private sealed class PostgresMigration(CatalogDatabase database) : IStartupStep
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
