"""Files for docs/results/mapping.md: two sets of blood cells with types of common names, one cut by condition.

usage: transfer.py ZHENG.h5ad KANG.h5ad FOLDER
needs: anndata (pip install anndata)

Writes sorted.h5ad, control.h5ad and stimulated.h5ad with obs "type" into FOLDER. Then, for each pair:
  seeds.py transfer_labels REPORTS --reference FOLDER/sorted.h5ad --data FOLDER/control.h5ad --label type --truth type
"""
import sys
from pathlib import Path

import anndata

SORTED = {'nk': 'NK', 'bcells': 'B', 'monocytes': 'Mono', 'memoryt': 'CD4 T', 'regulatoryt': 'CD4 T', 'thelper': 'CD4 T',
          'naivet': 'CD4 T', 'cytotoxict': 'CD8 T', 'naivecytotoxic': 'CD8 T'}
KANG = {'CD14 Mono': 'Mono', 'CD16 Mono': 'Mono', 'CD4 Naive T': 'CD4 T', 'CD4 Memory T': 'CD4 T', 'CD8 T': 'CD8 T', 'B': 'B',
        'B Activated': 'B', 'NK': 'NK'}

zheng, kang, folder = anndata.read_h5ad(sys.argv[1]), anndata.read_h5ad(sys.argv[2]), Path(sys.argv[3])
folder.mkdir(parents=True, exist_ok=True)
zheng.obs['type'] = zheng.obs['cell_type'].astype(str).map(SORTED).astype('category')
kang.obs['type'] = kang.obs['cell_type'].astype(str).map(lambda name: KANG.get(name, name)).astype('category')
zheng.write_h5ad(folder / 'sorted.h5ad')
for name, condition in (('control', 'CTRL'), ('stimulated', 'STIM')):
    kang[kang.obs['condition'] == condition].copy().write_h5ad(folder / f'{name}.h5ad')
