namespace VizPipeline.Images;

/// <summary>Physical types of Parquet's columns.</summary>
internal enum ParquetType
{
    Boolean,
    Int32,
    Int64,
    Int96,
    Float,
    Double,
    ByteArray,
    FixedByteArray,
}

/// <summary>A leaf column of the schema.</summary>
/// <param name="Path">Field names, outermost first.</param>
/// <param name="Type">How values are stored.</param>
/// <param name="Optional">Number of fields of the path that may be null: a value is present at this definition level.</param>
/// <param name="IsRepeated">Whether a row may have several values.</param>
internal sealed record ParquetLeaf(string Path, ParquetType Type, int Optional, bool IsRepeated);

/// <summary>The location of a column's values of one row group.</summary>
internal readonly record struct ParquetChunk(ParquetType Type, int Codec, long Values, long Packed, long DataPage, long? DictionaryPage)
{
    /// <summary>Offset of the first page.</summary>
    public long Start => DictionaryPage is > 0 and var dictionary && dictionary < DataPage ? dictionary : DataPage;
}

/// <summary>A row group: its number of rows, and a chunk for each leaf column of the schema.</summary>
internal sealed record ParquetRowGroup(long Rows, IReadOnlyList<ParquetChunk> Chunks);

/// <summary>The metadata at the end of a Parquet file.</summary>
internal sealed record ParquetMetadata(
    IReadOnlyList<ParquetLeaf> Leaves, IReadOnlyList<ParquetRowGroup> Groups, IReadOnlyDictionary<string, string> Notes)
{
    private const int DeepestSchema = 32;

    /// <exception cref="InvalidDataException">The metadata is inconsistent.</exception>
    public static ParquetMetadata Read(ReadOnlySpan<byte> footer)
    {
        var reader = new ThriftReader(footer);
        var (schema, groups, notes) = (new List<Element>(), new List<ParquetRowGroup>(), new Dictionary<string, string>());
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            switch (id)
            {
                case 2:
                    for (var count = reader.List(type, ThriftType.Struct); count > 0; count--)
                        schema.Add(ReadElement(ref reader));
                    break;
                case 4:
                    for (var count = reader.List(type, ThriftType.Struct); count > 0; count--)
                        groups.Add(ReadGroup(ref reader));
                    break;
                case 5:
                    for (var count = reader.List(type, ThriftType.Struct); count > 0; count--)
                        ReadNote(ref reader, notes);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        var leaves = LeavesOf(schema);
        foreach (var group in groups)
        {
            if (group.Chunks.Count != leaves.Count || group.Rows < 0)
                throw new InvalidDataException();
        }
        return new(leaves, groups, notes);
    }

    private static List<ParquetLeaf> LeavesOf(List<Element> schema)
    {
        var leaves = new List<ParquetLeaf>();
        var next = 1;
        for (var count = schema is [{ Children: > 0 and var children }, ..]
            ? children : throw new InvalidDataException(); count > 0; count--)
            Add("", 0, false, 0);
        return next == schema.Count ? leaves : throw new InvalidDataException();

        void Add(string parent, int optional, bool repeated, int depth)
        {
            if (next >= schema.Count || depth > DeepestSchema)
                throw new InvalidDataException();
            var element = schema[next++];
            var path = parent.Length == 0 ? element.Name : $"{parent}.{element.Name}";
            // A repeated field has its own level too, because a list may be empty.
            (optional, repeated) = (optional + (element.Repetition == 0 ? 0 : 1), repeated || element.Repetition == 2);
            if (element.Children == 0)
                leaves.Add(new(path, element.Type, optional, repeated));
            for (var child = 0; child < element.Children; child++)
                Add(path, optional, repeated, depth + 1);
        }
    }

    private static Element ReadElement(ref ThriftReader reader)
    {
        var element = new Element(0, 0, "", 0);
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            switch (id)
            {
                case 1:
                    element = element with { Type = TypeOf(reader.Int(type)) };
                    break;
                case 3:
                    element = element with { Repetition = reader.Int(type) };
                    break;
                case 4:
                    element = element with { Name = reader.Text(type) };
                    break;
                case 5:
                    element = element with { Children = reader.Int(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        return element;
    }

    private static ParquetRowGroup ReadGroup(ref ThriftReader reader)
    {
        var (chunks, rows) = (new List<ParquetChunk>(), 0L);
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            switch (id)
            {
                case 1:
                    for (var count = reader.List(type, ThriftType.Struct); count > 0; count--)
                        chunks.Add(ReadChunk(ref reader));
                    break;
                case 3:
                    rows = reader.Long(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        return new(rows, chunks);
    }

    private static ParquetChunk ReadChunk(ref ThriftReader reader)
    {
        ParquetChunk? chunk = null;
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            if (id == 3 && type == ThriftType.Struct)
                chunk = ReadColumn(ref reader);
            else
                reader.Skip(type);
        }
        return chunk ?? throw new InvalidDataException();
    }

    private static ParquetChunk ReadColumn(ref ThriftReader reader)
    {
        var chunk = default(ParquetChunk);
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            switch (id)
            {
                case 1:
                    chunk = chunk with { Type = TypeOf(reader.Int(type)) };
                    break;
                case 4:
                    chunk = chunk with { Codec = reader.Int(type) };
                    break;
                case 5:
                    chunk = chunk with { Values = reader.Long(type) };
                    break;
                case 7:
                    chunk = chunk with { Packed = reader.Long(type) };
                    break;
                case 9:
                    chunk = chunk with { DataPage = reader.Long(type) };
                    break;
                case 11:
                    chunk = chunk with { DictionaryPage = reader.Long(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        return chunk;
    }

    private static void ReadNote(ref ThriftReader reader, Dictionary<string, string> notes)
    {
        var (key, value) = ("", "");
        var id = 0;
        while (reader.Next(ref id, out var type))
        {
            if (id == 1)
                key = reader.Text(type);
            else if (id == 2)
                value = reader.Text(type);
            else
                reader.Skip(type);
        }
        notes[key] = value;
    }

    private static ParquetType TypeOf(int number) =>
        number is >= 0 and <= (int)ParquetType.FixedByteArray ? (ParquetType)number : throw new InvalidDataException();

    private readonly record struct Element(ParquetType Type, int Repetition, string Name, int Children);
}
