using Parquet;
using Parquet.Schema;

namespace VizPipeline.Atlas.Export;

/// <summary>Buffers the values of one column until its row group is written.</summary>
internal abstract class ParquetColumn
{
    /// <summary>The column in the file's schema.</summary>
    public abstract Field Field { get; }

    /// <summary>Creates a buffer for values of the column's type.</summary>
    public static ParquetColumn Create(ExportColumn column) => column.Kind switch
    {
        ColumnKind.Text or ColumnKind.Json => new Texts(column.Name),
        ColumnKind.Integer => new Values<int>(column.Name),
        ColumnKind.Long => new Values<long>(column.Name),
        ColumnKind.Single => new Values<float>(column.Name),
        ColumnKind.Double => new Values<double>(column.Name),
        ColumnKind.Flag => new Values<bool>(column.Name),
        ColumnKind.Integers => new Lists<int, int>(column.Name, item => item),
        ColumnKind.Singles => new Lists<float, float>(column.Name, item => item),
        ColumnKind.Texts => new Lists<string, ReadOnlyMemory<char>>(column.Name, item => item.AsMemory()),
        _ => throw new NotSupportedException($"columns of type {column.Kind} cannot be written as Parquet"),
    };

    /// <summary>Adds the value of the next row.</summary>
    public abstract void Add(object? value);

    /// <summary>Writes all values and clears the buffer.</summary>
    public abstract Task WriteAsync(ParquetRowGroupWriter group, CancellationToken cancellation);

    private sealed class Values<T>(string name) : ParquetColumn
        where T : struct
    {
        private readonly DataField<T> _field = new(name, true);
        private readonly List<T?> _values = [];

        public override Field Field => _field;

        public override void Add(object? value) => _values.Add((T?)value);

        public override async Task WriteAsync(ParquetRowGroupWriter group, CancellationToken cancellation)
        {
            await group.WriteAsync<T>(_field, new ReadOnlyMemory<T?>([.. _values]), cancellationToken: cancellation);
            _values.Clear();
        }
    }

    private sealed class Texts(string name) : ParquetColumn
    {
        private readonly DataField<string> _field = new(name, true);
        private readonly List<string?> _values = [];

        public override Field Field => _field;

        public override void Add(object? value) => _values.Add((string?)value);

        public override async Task WriteAsync(ParquetRowGroupWriter group, CancellationToken cancellation)
        {
            await group.WriteAsync(_field, _values!);
            _values.Clear();
        }
    }

    // Definition levels say how much of the path list/element is present, repetition levels where a new list begins.
    private sealed class Lists<TItem, TStored> : ParquetColumn
        where TStored : struct
    {
        private readonly Func<TItem, TStored> _convert;
        private readonly DataField _element;
        private readonly List<TStored> _items = [];
        private readonly List<int> _definitions = [];
        private readonly List<int> _repetitions = [];

        public Lists(string name, Func<TItem, TStored> convert)
        {
            _convert = convert;
            _element = new DataField("element", typeof(TItem), isNullable: false);
            Field = new ListField(name, _element);
        }

        public override Field Field { get; }

        public override void Add(object? value)
        {
            var there = _element.MaxDefinitionLevel;
            if (value is not IReadOnlyList<TItem> { Count: > 0 } list)
            {
                _definitions.Add(value is null ? there - 2 : there - 1);
                _repetitions.Add(0);
                return;
            }
            for (var i = 0; i < list.Count; i++)
            {
                _items.Add(_convert(list[i]));
                _definitions.Add(there);
                _repetitions.Add(i == 0 ? 0 : 1);
            }
        }

        public override async Task WriteAsync(ParquetRowGroupWriter group, CancellationToken cancellation)
        {
            await group.WriteAllPartsAsync<TStored>(
                _element, _items.ToArray(), new ReadOnlyMemory<int>([.. _definitions]), new ReadOnlyMemory<int>([.. _repetitions]),
                cancellation);
            _items.Clear();
            _definitions.Clear();
            _repetitions.Clear();
        }
    }
}
