using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using VizPipeline.Atlas.Export;

namespace VizPipeline.Atlas.Api;

/// <summary>Adds the columns of the tables to openapi.json, so that clients can be generated from it.</summary>
internal static class TableSchemas
{
    /// <summary>Configures the description of the API.</summary>
    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "VizPipeline atlas";
            document.Info.Description =
                "Atlases of every neuron of convolutional networks. Field names are the columns of the exports. Errors are "
                + "problem+json. Responses have ETags.";
            document.Info.Version = "v1";
            document.Servers = [];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<TableColumns>().FirstOrDefault() is { } table)
                operation.Responses = new OpenApiResponses(operation.Responses ?? []) { ["200"] = CreatePageResponse(table) };
            return Task.CompletedTask;
        });
    }

    private static OpenApiResponse CreatePageResponse(TableColumns table) => new()
    {
        Description = $"A page of {table.Table}",
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new()
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["items"] = new OpenApiSchema
                        {
                            Type = JsonSchemaType.Array,
                            Items = new OpenApiSchema
                            {
                                Type = JsonSchemaType.Object,
                                Properties = table.Columns.ToDictionary(
                                    column => column.Name, column => (IOpenApiSchema)CreateSchema(column.Kind)),
                            },
                        },
                        ["next"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null },
                    },
                },
            },
        },
    };

    private static OpenApiSchema CreateSchema(ColumnKind kind) => kind switch
    {
        ColumnKind.Integer => CreateScalar(JsonSchemaType.Integer, "int32"),
        ColumnKind.Long => CreateScalar(JsonSchemaType.Integer, "int64"),
        ColumnKind.Single => CreateScalar(JsonSchemaType.Number, "float"),
        ColumnKind.Double => CreateScalar(JsonSchemaType.Number, "double"),
        ColumnKind.Flag => CreateScalar(JsonSchemaType.Boolean),
        ColumnKind.Integers => CreateList(JsonSchemaType.Integer),
        ColumnKind.Singles => CreateList(JsonSchemaType.Number),
        ColumnKind.Texts => CreateList(JsonSchemaType.String),
        ColumnKind.Json => new OpenApiSchema(),
        _ => CreateScalar(JsonSchemaType.String),
    };

    private static OpenApiSchema CreateScalar(JsonSchemaType type, string? format = null) => new()
    {
        Type = type | JsonSchemaType.Null,
        Format = format,
    };

    private static OpenApiSchema CreateList(JsonSchemaType type) => new()
    {
        Type = JsonSchemaType.Array | JsonSchemaType.Null,
        Items = new OpenApiSchema { Type = type },
    };
}
