using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Hosting;

namespace VizPipeline.Atlas;

/// <summary>Registers the PostgreSQL catalog for a service that only reads it.</summary>
public static class CatalogReaderExtensions
{
    /// <summary>Adds the catalog and a startup check that its schema is that of this version.</summary>
    public static IHostApplicationBuilder AddCatalogReader(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddValidatedOptions<PostgresOptions>(PostgresOptions.Section);
        builder.Services.AddSingleton<CatalogDatabase>(
            services => new PostgresCatalogDatabase(services.GetRequiredService<IOptions<PostgresOptions>>().Value));
        builder.Services.AddSingleton<IStartupStep, SchemaCheck>();
        return builder;
    }

    private sealed class SchemaCheck(CatalogDatabase database) : IStartupStep
    {
        public string Target => $"The catalog {database.Place} (Postgres__Host, Postgres__Port)";

        public async Task RunAsync(CancellationToken cancellation)
        {
            try
            {
                await database.CheckSchemaAsync(cancellation);
            }
            catch (CatalogUnusableException failure)
            {
                throw new StartupException(failure.Message, database.IsTransient(failure), failure);
            }
        }
    }
}
